"""Keys of a real provider: a server on this machine that rotates, dies, lies and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from marty_chassis.testing import PluginHost

from .conftest import Guarded
from .provider import Provider, make_certificates, published
from .tokens import DEVELOPMENT, RSA, RSA_2, application, bearer

SHORT = {"jwks_ttl": 60, "jwks_cooldown": 0.01}


@pytest.fixture
def provider() -> Iterator[Provider]:
    """One that serves over http, which development allows on this machine."""
    with Provider(published(RSA)).serving() as serving:
        yield serving


def by_keys(provider: Provider, **section: Any) -> dict[str, Any]:
    """A section that names its keys."""
    return {"jwt_algorithm": "RS256", "jwks_url": f"{provider.url}/keys", **SHORT, **section}


async def asked(host: PluginHost, key: Any = RSA, name: str | None = None, **said: Any) -> int:
    """What a request with a token of this key is answered with."""
    header = {"kid": name or key.kid}
    answer = await host.client.get("/", headers=bearer(key, "RS256", header=header, **said))
    return answer.status_code


async def test_tokens_are_verified_with_keys_that_are_published(
    guarded: Guarded, provider: Provider
) -> None:
    async with guarded(by_keys(provider), settings=DEVELOPMENT) as host:
        assert await asked(host) == 200
        assert await asked(host, exp=1) == 401
        assert await asked(host, RSA_2) == 401
        health = (await host.operator.get(f"/plugins/{host.name}/health")).json()

    assert provider.asked[0] == "/keys"
    assert health["healthy"] is True, health


async def test_keys_rotate_without_anybody_noticing(guarded: Guarded, provider: Provider) -> None:
    async with guarded(by_keys(provider), settings=DEVELOPMENT) as host:
        assert await asked(host) == 200

        provider.keys = published(RSA, RSA_2)
        await anyio.sleep(0.02)  # the cooldown
        assert await asked(host, RSA_2) == 200
        assert await asked(host, RSA) == 200

        provider.keys = published(RSA_2)
        await anyio.sleep(0.02)
        assert await asked(host, RSA_2, "nobody") == 401  # has the keys fetched
        assert await asked(host, RSA) == 401
        assert await asked(host, RSA_2) == 200


async def test_random_names_of_keys_are_no_way_to_make_us_ask_and_ask(
    guarded: Guarded, provider: Provider
) -> None:
    async with guarded(by_keys(provider, jwks_cooldown=300), settings=DEVELOPMENT) as host:
        async with anyio.create_task_group() as group:
            for number in range(60):
                group.start_soon(asked, host, RSA_2, f"made up {number}")

        assert provider.asked == ["/keys"]
        assert await asked(host) == 200


async def test_while_the_provider_is_away_its_keys_are_believed_up_to_a_bound(
    guarded: Guarded,
) -> None:
    provider = Provider(published(RSA))
    with provider.serving():
        host = guarded(by_keys(provider, jwks_ttl=0.02, jwks_max_stale=3600), settings=DEVELOPMENT)
        await host.__aenter__()
    published_keys = host.plugin._published

    with anyio.fail_after(5):
        while not published_keys.problem:
            await anyio.sleep(0.002)
    assert await asked(host) == 200
    assert "cannot be reached" in (await host.plugin.check_health())["problem"]

    published_keys._fetched -= 3601  # an hour passes
    assert await asked(host) == 503
    refused = await host.client.get("/", headers=bearer(RSA, "RS256", header={"kid": "rsa-1"}))
    assert refused.headers["retry-after"] == "5"
    assert "www-authenticate" not in refused.headers
    assert (await host.client.get("/")).status_code == 401
    assert (await host.plugin.check_health())["healthy"] is False

    with provider.serving():
        with anyio.fail_after(5):
            while await asked(host) != 200:
                await anyio.sleep(0.002)
    await host.__aexit__(None, None, None)


async def test_without_a_provider_nobody_gets_in_until_it_is_there(guarded: Guarded) -> None:
    provider = Provider(published(RSA))
    with provider.serving():
        pass  # its port is known, and it is away
    app = application()

    async with guarded(by_keys(provider), settings=DEVELOPMENT, starts=False, app=app) as host:
        assert host.status().state.value == "retrying"
        assert f"{provider.url}/keys cannot be reached: ConnectError" in host.status().reason
        assert await asked(host) == 503
        assert app.state.asked == 0

        with provider.serving(), anyio.fail_after(5):
            while await asked(host) != 200:
                await anyio.sleep(0.005)


async def test_an_openid_provider_says_where_its_keys_are(
    guarded: Guarded, provider: Provider
) -> None:
    section = {"jwt_algorithm": "RS256", "oidc_issuer": provider.url, **SHORT}

    async with guarded(section, settings=DEVELOPMENT) as host:
        assert provider.asked == ["/.well-known/openid-configuration", "/keys"]
        assert await asked(host, iss=provider.url) == 200
        assert await asked(host, iss="https://else.example") == 401
        assert await asked(host) == 401


async def test_over_https_the_certificate_counts(
    guarded: Guarded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_certificates(tmp_path)

    with Provider(published(RSA), tls=folder).serving() as provider:
        async with guarded(by_keys(provider), starts=False) as host:
            assert "cannot be reached: ConnectError" in host.status().reason

        monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
        async with guarded(by_keys(provider)) as host:
            assert await asked(host) == 200
