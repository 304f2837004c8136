"""Published keys: one fetch for all who ask, a bound for everything, and nobody in without."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from marty_chassis.contrib.jwt_authentication import JwtSettings, Reason, Refused
from marty_chassis.contrib.jwt_authentication.fetching import NotFetched
from marty_chassis.contrib.jwt_authentication.published import PublishedKeys
from marty_chassis.testing import FakeClock

from .provider import published
from .tokens import EC, RSA, RSA_2


class Source:
    """Where keys are fetched from, without a network."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.fetches = 0
        self.problem = ""
        self.go = anyio.Event()
        self.go.set()

    async def __call__(self) -> dict[str, Any]:
        self.fetches += 1
        await self.go.wait()
        if self.problem:
            raise NotFetched(self.problem)
        found: dict[str, Any] = self.document
        return found


def kept(source: Source, clock: FakeClock, **section: Any) -> PublishedKeys:
    """The keys of such a section."""
    told = {"jwt_algorithm": ["RS256", "ES256"], "jwks_url": "https://id.example/keys", **section}
    return PublishedKeys(JwtSettings.model_validate(told), source, clock)


@asynccontextmanager
async def fresh(keys: PublishedKeys) -> AsyncIterator[None]:
    """Keep them fresh meanwhile."""
    async with anyio.create_task_group() as group:
        group.start_soon(keys.keep_fresh)
        yield
        group.cancel_scope.cancel()


async def why(keys: PublishedKeys, name: str | None, algorithm: str = "RS256") -> Reason | None:
    """Why there is no such key; None where there is one."""
    try:
        found = await keys.fitting(name, algorithm)
    except Refused as refused:
        return refused.reason
    assert {key.algorithm_name for key in found} == {algorithm}
    return None


async def test_a_key_is_found_by_its_name_and_its_algorithm() -> None:
    keys = kept(Source(published(RSA, EC)), FakeClock())
    await keys.refresh()

    assert await why(keys, "rsa-1") is None
    assert await why(keys, "ec-1", "ES256") is None
    assert await why(keys, "rsa-1", "ES256") is Reason.KEY
    assert await why(keys, "ec-1", "RS256") is Reason.KEY


async def test_a_token_that_names_no_key_means_the_only_one() -> None:
    source = Source(published(RSA, EC))
    keys = kept(source, FakeClock())
    await keys.refresh()

    assert await why(keys, None) is None
    assert await why(keys, None, "ES256") is None

    source.document = published(RSA, RSA_2)
    await keys.refresh()
    assert await why(keys, None) is Reason.KEY


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"use": ["sig"]},
        {"alg": "RS512"},
        {"alg": 7},
        {"kty": "oct", "k": "eA"},
        {"kty": "EC"},
        {"kty": 7},
        {"kty": None},
        {"key_ops": ["encrypt"]},
        {"key_ops": 7},
        {"key_ops": "verification"},
        {"kid": 7},
        {"kid": ["rsa-1"]},
        {"n": "eA"},
        {"n": "!"},
        {"n": None},
        {"e": "Ag"},
        {"d": "AQ"},
    ],
)
async def test_what_is_no_public_key_for_signatures_is_passed_over(changes: dict[str, Any]) -> None:
    keys = kept(
        Source({"keys": [*published(RSA, **changes)["keys"], *published(EC)["keys"]]}), FakeClock()
    )

    assert await keys.refresh()

    assert len(keys) == 1
    assert await why(keys, "rsa-1") is Reason.KEY


@pytest.mark.parametrize("use", [{"use": "sig"}, {"alg": "RS256"}, {"key_ops": ["verify"]}])
async def test_a_key_may_say_what_it_is_for(use: dict[str, Any]) -> None:
    keys = kept(Source(published(RSA, **use)), FakeClock())
    await keys.refresh()

    assert await why(keys, "rsa-1") is None


@pytest.mark.parametrize(
    "document",
    [{}, {"keys": None}, {"keys": {}}, {"keys": []}, {"keys": [7, None, "x", []]}, {"key": 1}],
)
async def test_what_is_no_set_of_keys_changes_nothing(document: dict[str, Any]) -> None:
    source = Source(published(RSA))
    keys = kept(source, FakeClock())
    await keys.refresh()

    source.document = document

    assert not await keys.refresh()
    assert keys.problem
    assert await why(keys, "rsa-1") is None


async def test_an_unknown_key_is_looked_for_once_in_a_cooldown() -> None:
    source, clock = Source(published(RSA)), FakeClock()
    keys = kept(source, clock)
    await keys.refresh()

    async with fresh(keys):
        for number in range(50):
            assert await why(keys, f"made up {number}") is Reason.KEY
        assert source.fetches == 1

        clock.advance(31)
        for number in range(50):
            assert await why(keys, f"made up {number}") is Reason.KEY
        assert source.fetches == 2

        source.document = published(RSA, RSA_2)
        assert await why(keys, "rsa-2") is Reason.KEY
        clock.advance(31)
        assert await why(keys, "rsa-2") is None
        assert source.fetches == 3


async def test_all_who_ask_meanwhile_wait_for_the_one_fetch() -> None:
    source, clock = Source(published(RSA)), FakeClock()
    keys = kept(source, clock)
    await keys.refresh()
    clock.advance(31)
    source.document, source.go = published(RSA_2), anyio.Event()
    found: list[Reason | None] = []

    async def ask() -> None:
        found.append(await why(keys, "rsa-2"))

    async with fresh(keys), anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert found == []
        assert await why(keys, "rsa-1") is None  # known: waits for nobody
        source.go.set()

    assert found == [None] * 100
    assert source.fetches == 2


async def test_who_waits_does_not_wait_for_ever() -> None:
    source, clock = Source(published(RSA)), FakeClock()
    keys = kept(source, clock, jwks_timeout=0.01)
    await keys.refresh()
    clock.advance(31)

    with anyio.fail_after(5):
        assert await why(keys, "rsa-2") is Reason.KEY  # nobody keeps them fresh

    assert source.fetches == 1


async def test_keys_are_believed_for_a_while_when_there_are_no_new_ones() -> None:
    source, clock = Source(published(RSA)), FakeClock()
    keys = kept(source, clock, jwks_max_stale=3600)
    await keys.refresh()
    source.problem = "https://id.example/keys cannot be reached: ConnectError"

    clock.advance(3600)
    assert not await keys.refresh()
    assert await why(keys, "rsa-1") is None
    assert not keys.fresh

    clock.advance(1)
    assert await why(keys, "rsa-1") is Reason.NO_KEYS
    assert not keys.believed

    source.problem = ""
    assert await keys.refresh()
    assert await why(keys, "rsa-1") is None


async def test_before_the_first_fetch_nobody_gets_in() -> None:
    keys = kept(Source(published(RSA)), FakeClock())

    assert await why(keys, "rsa-1") is Reason.NO_KEYS
    assert repr(keys) == "<PublishedKeys: 0, not believed>"


async def test_they_are_fetched_again_when_it_is_time() -> None:
    source = Source(published(RSA))
    keys = kept(source, FakeClock(), jwks_ttl=0.01)

    async with fresh(keys):
        with anyio.fail_after(5):
            while source.fetches < 3:
                await anyio.sleep(0.002)


async def test_keys_of_the_run_before_that_are_not_for_us_are_left() -> None:
    keys = kept(Source(published(RSA)), FakeClock(), jwt_algorithm="ES256")

    keys.adopt(published(RSA), 1000)

    assert keys.age is None
    assert await why(keys, "rsa-1", "ES256") is Reason.NO_KEYS


async def test_what_one_has_another_goes_on_with() -> None:
    source, clock = Source(published(RSA)), FakeClock()
    old = kept(source, clock)
    await old.refresh()
    exported = old.export()
    assert exported is not None
    clock.advance(100)

    new = kept(source, clock)
    new.adopt(*exported)

    assert new.age == 100
    assert await why(new, "rsa-1") is None
    assert source.fetches == 1
