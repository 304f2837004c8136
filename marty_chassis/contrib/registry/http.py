"""An HTTP client for a registry: each way in which a call can fail is a `Trouble`.

Needs httpx2. Proxies of the environment are passed by: a registry is near.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, Self

import anyio
import httpx2

from .backend import Away, Forgotten, Refused, Trouble
from .quiet import Quiet, quiet
from .settings import RegistrySettings

SHOWN = 300
"""Characters of an answer that an error repeats."""
LARGEST = 16 * 2**20
"""Bytes of an answer, and of a line of one that does not end."""


class Http:
    """Calls of one address, and watches of it: these have connections that calls never wait for."""

    def __init__(self, settings: RegistrySettings, auth: httpx2.Auth | None = None) -> None:
        self._settings = settings
        self._auth = auth
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        # Without TLS there is nothing to verify; a trust store takes a tenth of a second to read.
        encrypted = self._settings.address.startswith("https:")
        tls = await anyio.to_thread.run_sync(self._tls) if encrypted else False
        self._open.enter_context(Quiet())

        async def client(limits: httpx2.Limits) -> httpx2.AsyncClient:
            made = httpx2.AsyncClient(
                base_url=self._settings.address,
                auth=self._auth,
                verify=tls,
                trust_env=False,
                limits=limits,
                timeout=httpx2.Timeout(self._settings.timeout, pool=None),
            )
            return await self._open.enter_async_context(made)

        self._calls = await client(httpx2.Limits(max_connections=20))
        self._watches = await client(httpx2.Limits())
        return self

    def _tls(self) -> ssl.SSLContext:
        return self._settings.tls() or httpx2.create_ssl_context(trust_env=False)

    async def __aexit__(self, *error: object) -> None:
        await self._open.aclose()

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, object] | None = None,
    ) -> httpx2.Response:
        """Ask something that is answered at once."""
        asked = {"params": params, "json": json}
        return await _answer(self._calls, self._settings.timeout, method, path, **asked)

    async def poll(self, path: str, params: Mapping[str, str], seconds: float) -> httpx2.Response:
        """Get what may take so many seconds to come."""
        timeout = httpx2.Timeout(self._settings.timeout, read=seconds, pool=None)
        asked = {"params": params, "timeout": timeout}
        return await _answer(self._watches, seconds + self._settings.timeout, "GET", path, **asked)

    @asynccontextmanager
    async def stream(
        self, path: str, json: Mapping[str, object]
    ) -> AsyncIterator[AsyncIterator[str]]:
        """Post something, and give the lines of the answer as they come.

        Read them to the end, or be cancelled while you wait for one: who leaves in between leaves
        httpx2's generators unfinished, and trio complains.
        """
        timeout = httpx2.Timeout(self._settings.timeout, read=None, pool=None)
        with _told("POST", path):
            request = self._watches.build_request("POST", path, json=json, timeout=timeout)
            with quiet():
                response = await self._watches.send(request, stream=True)
            try:
                if response.status_code >= 400:
                    await response.aread()
                    _checked("POST", path, response)
                with anyio.CancelScope() as enough:
                    yield _lines(response, enough)
                if enough.cancelled_caught:
                    raise Refused(f"POST {path}: a line of more than {LARGEST:,} bytes")
            finally:
                await response.aclose()


async def _answer(
    client: httpx2.AsyncClient, seconds: float, method: str, path: str, **asked: Any
) -> httpx2.Response:
    """Give an answer that comes as a whole, after so many seconds at the latest."""
    with _told(method, path), quiet(), anyio.fail_after(seconds):
        request = client.build_request(method, path, **asked)
        response = await client.send(request, stream=True)
        try:
            body = bytearray()
            # As with lines, cancelling is how to leave httpx2's generators in between.
            with anyio.CancelScope() as enough:
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > LARGEST:
                        body.clear()
                        enough.cancel()
        finally:
            await response.aclose()
    if enough.cancelled_caught:
        raise Refused(f"{method} {path}: an answer of more than {LARGEST:,} bytes")
    whole = httpx2.Response(response.status_code, content=bytes(body), request=request)
    whole.headers.update(
        {key: value for key, value in response.headers.items() if key != "content-encoding"}
    )
    return _checked(method, path, whole)


async def _lines(response: httpx2.Response, enough: anyio.CancelScope) -> AsyncIterator[str]:
    begun: list[bytes] = []
    size = 0
    async for piece in response.aiter_bytes():
        first, *others = piece.split(b"\n")
        begun.append(first)
        size += len(first)
        for other in others:
            yield b"".join(begun).decode(errors="replace")
            begun, size = [other], len(other)
        if size > LARGEST:
            begun, size = [], 0
            enough.cancel()
    if any(begun):
        yield b"".join(begun).decode(errors="replace")


@contextmanager
def reading(asked: str) -> Iterator[None]:
    """What goes wrong while an answer is read means that it is not one of this registry's."""
    try:
        yield
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        words = f"{type(error).__name__}: {error}"
        raise Refused(f"{asked}: the answer cannot be read: {_shown(words)}") from error


@contextmanager
def _told(method: str, path: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise Away(f"{method} {path}: no answer in time") from None
    except httpx2.LocalProtocolError:
        # It repeats what is wrong in our request, which may be a header that is secret.
        raise Refused(f"{method} {path}: this cannot be asked: it is no valid request") from None
    except httpx2.InvalidURL as error:
        raise Refused(f"{method}: {error}") from error
    except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
        raise Away(f"{method} {path}: {type(error).__name__}: {error}") from error


def _checked(method: str, path: str, response: httpx2.Response) -> httpx2.Response:
    if response.status_code >= 400:
        raise trouble(f"{method} {path}", response.status_code, response.text)
    return response


def trouble(asked: str, status: int, said: str) -> Trouble:
    """What an error is, by its status."""
    kind = Forgotten if status == 404 else Away if status == 429 or status >= 500 else Refused
    return kind(f"{asked}: {status} {_shown(said)}")


def _shown(text: str) -> str:
    # One line, whatever it is that answers.
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
