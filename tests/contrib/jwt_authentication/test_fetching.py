"""A provider that misbehaves is not believed, whatever it answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from marty_chassis.contrib.jwt_authentication import JwtSettings
from marty_chassis.contrib.jwt_authentication.fetching import Fetching
from marty_chassis.contrib.jwt_authentication.published import PublishedKeys
from marty_chassis.settings import ChassisConfig

from .provider import Provider, make_certificates, published
from .tokens import DEVELOPMENT, EC, RSA


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    """One for all tests here."""
    with Provider({}).serving() as serving:
        yield serving


@pytest.fixture
def provider(server: Provider) -> Provider:
    """The same as if it were new."""
    vars(server).update(vars(Provider(published(RSA), server.port)))
    return server


async def problem(provider: Provider, **section: Any) -> str:
    """Why there are no new keys; empty where there are."""
    told = {"jwt_algorithm": "RS256", **(section or {"jwks_url": f"{provider.url}/keys"})}
    settings = JwtSettings.model_validate(told, context=ChassisConfig(**DEVELOPMENT))
    fetching = await Fetching.of(settings, development=True)
    keys = PublishedKeys(settings, fetching.key_set)
    await keys.refresh()
    await fetching.close()
    return keys.problem


async def test_what_is_published_is_fetched(provider: Provider) -> None:
    assert await problem(provider) == ""
    assert await problem(provider, oidc_issuer=provider.url) == ""
    assert await problem(provider, oidc_issuer=f"{provider.url}/tenant") == ""

    assert provider.asked == [
        "/keys",
        "/.well-known/openid-configuration",
        "/keys",
        "/tenant/.well-known/openid-configuration",
        "/keys",
    ]


LARGE = b'{"keys": [' + b" " * 600_000 + b"]}"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": 404}, "answered 404"),
        ({"status": 500}, "answered 500"),
        ({"status": 302, "headers": {"location": "http://127.0.0.1:1/keys"}}, "answered 302"),
        ({"status": 204}, "answered 204"),
        ({"body": b"<html>"}, "something else than a JSON object"),
        ({"body": b"[]"}, "something else than a JSON object"),
        ({"body": b"[" * 100_000}, "something else than a JSON object"),
        ({"body": b"\xff\xfe"}, "something else than a JSON object"),
        ({"body": b"{}"}, "/keys publishes no JWK Set"),
        ({"body": LARGE}, "more than 524288 bytes"),
        ({"headers": {"content-encoding": "gzip"}}, "compressed"),
        ({"keys": published(EC)}, "/keys publishes no key that is for RS256 and safe"),
        ({"keys": published(RSA, use="enc")}, "/keys publishes no key that is for RS256 and safe"),
    ],
)
async def test_a_provider_that_misbehaves_is_not_believed(
    provider: Provider, changes: dict[str, Any], words: str
) -> None:
    for name, value in changes.items():
        setattr(provider, name, value)

    assert words in await problem(provider)


async def test_a_provider_that_does_not_answer_is_not_waited_for(provider: Provider) -> None:
    provider.delay.clear()
    url = f"{provider.url}/keys"

    found = await problem(provider, jwks_url=url, jwks_timeout=0.05)
    provider.delay.set()

    assert found == f"{url} did not answer within 0.05 s"


async def test_a_provider_that_is_not_there_is_named(provider: Provider) -> None:
    found = await problem(provider, jwks_url="http://127.0.0.1:9/keys")

    beginning = "http://127.0.0.1:9/keys cannot be reached: ConnectError: "
    assert found.lower().startswith(beginning.lower())
    assert "connect" in found.removeprefix(beginning)  # asyncio and trio have words of their own


async def test_a_certificate_that_nobody_trusts_is_told_with_the_remedy(tmp_path: Path) -> None:
    with Provider(published(RSA), tls=make_certificates(tmp_path)).serving() as secure:
        found = await problem(secure)

    assert found.startswith(f"{secure.url}/keys cannot be reached: ConnectError: [SSL: CERTIF")
    assert "SSL_CERT_FILE names a file with the authorities to trust" in found


async def test_https_where_http_is_spoken_is_told(provider: Provider) -> None:
    found = await problem(provider, jwks_url=f"https://127.0.0.1:{provider.port}/keys")

    assert "cannot be reached: ConnectError: [SSL" in found
    assert "SSL_CERT_FILE" not in found


@pytest.mark.parametrize("changes", [{"status": 404}, {"body": b"{}"}, {"body": b"["}], ids=str)
async def test_what_is_asked_for_in_a_query_is_not_shown(
    provider: Provider, changes: dict[str, Any]
) -> None:
    for name, value in changes.items():
        setattr(provider, name, value)

    found = await problem(provider, jwks_url=f"{provider.url}/keys?api=s3cret")

    assert found.startswith(f"{provider.url}/keys ")
    assert "s3cret" not in found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"issuer": "https://id.example"}, "is of another issuer than oidc_issuer says"),
        ({"issuer": "http://127.0.0.1"}, "is of another issuer than oidc_issuer says"),
        ({"jwks_uri": "http://id.example/keys"}, "names no jwks_uri that may be used"),
        ({"jwks_uri": "file:///etc/passwd"}, "names no jwks_uri that may be used"),
        ({"jwks_uri": "/keys"}, "names no jwks_uri that may be used"),
        ({"status": 404}, "answered 404"),
    ],
)
async def test_an_openid_provider_that_lies_is_not_believed(
    provider: Provider, changes: dict[str, Any], words: str
) -> None:
    for name, value in changes.items():
        setattr(provider, name, value)
    assert words in await problem(provider, oidc_issuer=provider.url)
