"""Replaced while it is used: nobody notices, nobody slips in, nothing is forgotten."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest

from marty_chassis.contrib import jwt_authentication
from marty_chassis.testing import assert_reloadable

from .conftest import Guarded
from .provider import Provider, published
from .tokens import DEVELOPMENT, RSA, SECTION, application, bearer, token

NEW = "another-secret-that-is-long-enough-too-for-all-of-the-hs-algorithms"


async def test_it_is_replaced_under_requests() -> None:
    await assert_reloadable(jwt_authentication, config=SECTION, headers=bearer())


async def test_with_published_keys_it_is_replaced_without_asking_for_them_again() -> None:
    with Provider(published(RSA)).serving() as provider:
        section = {"jwt_algorithm": "RS256", "jwks_url": f"{provider.url}/keys"}
        headers = bearer(RSA, "RS256", header={"kid": "rsa-1"})

        await assert_reloadable(
            jwt_authentication, config=section, settings=DEVELOPMENT, headers=headers
        )

    assert provider.asked == ["/keys"]


async def test_with_the_provider_away_it_is_replaced_all_the_same(guarded: Guarded) -> None:
    provider = Provider(published(RSA))
    headers = bearer(RSA, "RS256", header={"kid": "rsa-1"})
    with provider.serving():
        section = {"jwt_algorithm": "RS256", "jwks_url": f"{provider.url}/keys"}
        host = guarded(section, settings=DEVELOPMENT)
        await host.__aenter__()

    host.plugin._published._fetched -= 400  # they are to be fetched again
    reloaded = await host.reload()
    assert not reloaded.rolled_back, reloaded.reason
    assert (await host.client.get("/", headers=headers)).status_code == 200

    elsewhere = await host.reload(jwks_url=f"{provider.url}/other")
    assert elsewhere.rolled_back  # those are other keys, and cannot be had
    assert (await host.client.get("/", headers=headers)).status_code == 200
    await host.__aexit__(None, None, None)


async def test_a_secret_is_replaced_without_anybody_being_turned_away(guarded: Guarded) -> None:
    app = application()
    statuses: list[int] = []
    done = anyio.Event()

    async with guarded(app=app, jwt_secret=[SECTION["jwt_secret"]]) as host:

        async def ask() -> None:
            while not done.is_set():
                text = await host.plugin.issue("ada")
                answer = await host.client.get("/", headers={"authorization": f"Bearer {text}"})
                statuses.append(answer.status_code)
                refused = await host.client.get("/", headers=bearer("x" * 40))
                statuses.append(200 if refused.status_code == 401 else refused.status_code)
                await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(ask)
            for secrets in ([NEW, SECTION["jwt_secret"]], [NEW]):
                reloaded = await host.reload(jwt_secret=secrets, drained=True)
                assert not reloaded.rolled_back, reloaded.reason
            done.set()

        assert set(statuses) == {200}
        assert (await host.client.get("/", headers=bearer(NEW))).status_code == 200
        assert (await host.client.get("/", headers=bearer())).status_code == 401


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"jwt_secret": "short"}, "a secret of 5 bytes"),
        ({"paths": []}, "at least 1 item"),
        ({"jwt_algorithm": "RS256"}, "jwt_secret does not go with jwt_algorithm RS256"),
        ({"exemptt": ["/x"]}, "Did you mean 'exempt'?"),
    ],
)
async def test_a_section_that_does_not_fit_changes_nothing(
    guarded: Guarded, changes: dict[str, Any], words: str
) -> None:
    async with guarded() as host:
        reloaded = await host.reload(**changes)

        assert reloaded.rolled_back
        assert words in reloaded.reason
        assert (await host.client.get("/", headers=bearer())).status_code == 200
        assert (await host.client.get("/", headers=bearer(exp=1))).status_code == 401


async def test_what_was_counted_is_counted_on(guarded: Guarded) -> None:
    async with guarded() as host:
        await host.client.get("/", headers=bearer())
        await host.client.get("/")
        await host.reload()
        await host.client.get("/", headers=bearer())
        shown = (await host.operator.get("/plugins/metrics")).json()

    figures = shown["plugins"]["jwt-authentication"]["metrics"]
    assert (figures["auth_accepted"], figures["auth_refused_no_token"]) == (2, 1)


async def test_a_token_that_was_issued_before_is_valid_afterwards(guarded: Guarded) -> None:
    async with guarded() as host:
        text = await host.plugin.issue("ada")
        await host.reload(token_expiry=5)

        assert (await host.plugin.verify(text)).subject == "ada"
        assert text != token()
