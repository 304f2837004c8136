"""Keys are fetched from where they are published. Needs httpx2."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Final, Self, cast

import anyio.to_thread
import httpx2

from marty_chassis.boundary.words import message_of, shortened
from marty_chassis.errors import MartyError

from .settings import JwtSettings, objection, without_query

_LARGEST: Final = 512 * 1024  # bytes of an answer
_LONGEST: Final = 300  # characters of an error that are repeated

Document = dict[str, Any]


class NotFetched(MartyError):
    """The keys cannot be had now; the text says why."""


class Fetching:
    """Gives the JWK Set of the section. Owns a client, to be closed."""

    def __init__(
        self, settings: JwtSettings, client: httpx2.AsyncClient, *, development: bool
    ) -> None:
        self._settings = settings
        self._client = client
        self._development = development

    @classmethod
    async def of(cls, settings: JwtSettings, *, development: bool) -> Self:
        """Make one with a client of its own."""
        make = partial(
            httpx2.AsyncClient,
            follow_redirects=False,  # what is answered elsewhere is not what the section names
            timeout=settings.jwks_timeout,
            headers={"accept-encoding": "identity"},
        )
        # It reads the certificates of all authorities, which takes long enough to be noticed.
        client = await anyio.to_thread.run_sync(make)
        return cls(settings, client, development=development)

    @property
    def source(self) -> str:
        """What the section names: the keys of another source are others."""
        return self._settings.jwks_url or self._settings.oidc_issuer or ""

    async def key_set(self) -> Document:
        """Give the JWK Set as it is published now; raises `NotFetched`."""
        settings = self._settings
        try:
            with anyio.fail_after(settings.jwks_timeout):
                url = settings.jwks_url or await self._published(settings.oidc_issuer or "")
                return await self._json(url)
        except TimeoutError:
            raise NotFetched(
                f"{settings.published_at} did not answer within {settings.jwks_timeout:g} s"
            ) from None

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()

    async def _published(self, issuer: str) -> str:
        """OpenID Connect Discovery 1.0: the provider says where its keys are, and who it is."""
        where = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        said = await self._json(where)
        if said.get("issuer") != issuer:
            raise NotFetched(f"{where} is of another issuer than oidc_issuer says")
        url = said.get("jwks_uri")
        if not isinstance(url, str) or objection(url, self._development):
            raise NotFetched(f"{where} names no jwks_uri that may be used")
        return url

    async def _json(self, url: str) -> Document:
        where = without_query(url)
        try:
            async with self._client.stream("GET", url) as response:
                if response.status_code != 200:
                    raise NotFetched(f"{where} answered {response.status_code}")
                if "content-encoding" in response.headers:
                    raise NotFetched(f"{where} answered with a compressed body")
                body = await _read(response)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise NotFetched(f"{where} cannot be reached: {_why(error)}") from None
        if len(body) > _LARGEST:
            raise NotFetched(f"{where} answered with more than {_LARGEST} bytes")
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise NotFetched(f"{where} answered with something else than a JSON object")
        return document

    def __repr__(self) -> str:
        return f"<Fetching {self._settings.published_at}>"


def _why(error: Exception) -> str:
    """Say what went wrong; what is wrong with our own request is not repeated."""
    name = type(error).__name__
    if isinstance(error, httpx2.LocalProtocolError):
        return name
    # On trio the error that TLS had stands behind others, which say nothing.
    said, inner = "", cast("BaseException | None", error)
    while inner is not None and not said:
        said, inner = message_of(inner), inner.__cause__ or inner.__context__
    words = f"{name}: {' '.join(shortened(said, _LONGEST).split())}" if said else name
    if "CERTIFICATE_VERIFY_FAILED" in said:
        words += ". SSL_CERT_FILE names a file with the authorities to trust, if they are your own"
    return words


async def _read(response: httpx2.Response) -> bytes:
    """Give the body, or what of it is too much already."""
    body = b""
    try:
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > _LARGEST:
                # It then ends by itself; a generator that is left behind makes trio complain.
                await response.aclose()
    except httpx2.HTTPError:
        if len(body) <= _LARGEST:
            raise
    return body
