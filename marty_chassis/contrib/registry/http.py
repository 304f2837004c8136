"""An HTTP client for a registry: each way in which a call can fail is a `Trouble`.

Needs httpx2. Proxies of the environment are passed by: a registry is near.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Self

import anyio
import httpx2

from .backend import Away, Forgotten, Refused, Trouble
from .quiet import Quiet, quiet
from .settings import RegistrySettings

SHOWN = 300
"""Characters of an answer that an error repeats."""


class Http:
    """Calls of one address, and watches of it: these have connections that calls never wait for."""

    def __init__(self, settings: RegistrySettings, auth: httpx2.Auth | None = None) -> None:
        self._settings = settings
        self._auth = auth
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        # Without TLS there is nothing to verify, and a trust store would cost the start its reading.
        tls = self._settings.tls() if self._settings.address.startswith("https:") else False

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
        with _told(method, path), quiet(), anyio.fail_after(self._settings.timeout):
            response = await self._calls.request(method, path, params=params, json=json)
        return _checked(method, path, response)

    async def poll(self, path: str, params: Mapping[str, str], seconds: float) -> httpx2.Response:
        """Get what may take so many seconds to come."""
        timeout = httpx2.Timeout(self._settings.timeout, read=seconds, pool=None)
        with _told("GET", path), quiet():
            response = await self._watches.get(path, params=params, timeout=timeout)
        return _checked("GET", path, response)

    @asynccontextmanager
    async def stream(
        self, path: str, json: Mapping[str, object]
    ) -> AsyncIterator[AsyncIterator[str]]:
        """Post something, and give the lines of the answer as they come.

        Read them to the end, or be cancelled while you wait for one: who leaves in between leaves
        httpx2's generators unfinished, and trio complains.
        """
        timeout = httpx2.Timeout(self._settings.timeout, read=None, pool=None)
        request = self._watches.build_request("POST", path, json=json, timeout=timeout)
        with _told("POST", path):
            with quiet():
                response = await self._watches.send(request, stream=True)
            try:
                if response.status_code >= 400:
                    await response.aread()
                    _checked("POST", path, response)
                yield response.aiter_lines()
            finally:
                await response.aclose()


@contextmanager
def reading(asked: str) -> Iterator[None]:
    """What goes wrong while an answer is read means that it is not one of this registry's."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        words = f"{type(error).__name__}: {error}"
        raise Refused(f"{asked}: the answer cannot be read: {_shown(words)}") from error


@contextmanager
def _told(method: str, path: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise Away(f"{method} {path}: no answer in time") from None
    except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, OSError) as error:
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
