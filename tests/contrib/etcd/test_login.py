"""An etcd that wants to know who asks: a token, a new one when it has run out, a wrong password."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from loguru import logger
from pydantic import ValidationError

from marty_chassis.contrib.etcd import EtcdSettings
from marty_chassis.contrib.etcd.login import Login
from marty_chassis.contrib.registry import Refused

from ..registries import RealEtcd, coded, until

PASSWORD = "s3cr3t-of-the-shop"


@pytest.fixture(scope="module")
def process(tmp_path_factory: Any):
    """One with users."""
    etcd = Guarded(tmp_path_factory.mktemp("etcd"), "--bcrypt-cost=4")
    yield etcd
    etcd.go()


class Guarded(RealEtcd):
    """Its root may do everything; `shop` may do what a service does."""

    async def guard(self) -> None:
        """Make the users, and let nobody else in."""
        everything = coded("/marty/"), coded("/marty0")
        allowed = {"permType": "READWRITE", "key": everything[0], "range_end": everything[1]}
        for path, question in (
            ("/v3/auth/user/add", {"name": "root", "password": "root"}),
            ("/v3/auth/user/grant", {"user": "root", "role": "root"}),
            ("/v3/auth/role/add", {"name": "services"}),
            ("/v3/auth/role/grant", {"name": "services", "perm": allowed}),
            ("/v3/auth/user/add", {"name": "shop", "password": PASSWORD}),
            ("/v3/auth/user/grant", {"user": "shop", "role": "services"}),
            ("/v3/auth/enable", {}),
        ):
            await super().post(path, question)

    async def post(self, path: str, question: dict[str, Any]) -> Any:
        login = {"name": "root", "password": "root"}
        token = (await self.ask("POST", "/v3/auth/authenticate", json=login)).json()["token"]
        answer = await self.ask("POST", path, json=question, headers={"Authorization": token})
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def etcd(process: Guarded) -> Guarded:
    """It begins anew for each test."""
    process.go()
    process.come(forgetting=True)
    await process.guard()
    return process


async def test_with_its_password_a_service_is_registered_and_others_are_found(etcd, shop) -> None:
    await etcd.enter("db", "db-1")

    async with shop(username="shop", password=PASSWORD) as host:
        await until(lambda: etcd.found("shop"))
        [found] = await host.context.service_registry.discover({"name": "db"})
        await etcd.enter("db", "db-2")
        await until(lambda: _count(host, 2))

    assert found["id"] == "db-1"
    assert await etcd.found("shop") == {}


async def test_a_token_that_etcd_does_not_take_any_more_is_asked_for_anew(etcd, shop, log) -> None:
    async with shop(username="shop", password=PASSWORD):
        await until(lambda: etcd.found("shop"))

        # What may be done has changed, so that etcd wants every token anew.
        await etcd.post("/v3/auth/role/add", {"name": "others"})
        await etcd.remove("shop", "shop-1")
        await until(lambda: etcd.found("shop"))
        etcd.go()
        etcd.come()
        await etcd.remove("shop", "shop-1")
        await until(lambda: etcd.found("shop"))

    assert not [line for line in log if "refuses" in line]


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ({"username": "shop", "password": f"not-{PASSWORD}"}, "authentication failed"),
        ({}, "user name is empty"),
    ],
    ids=["a wrong password", "nobody"],
)
async def test_who_may_not_come_in_is_told_once_and_the_service_serves(
    etcd, shop, login, words
) -> None:
    lines: list[str] = []
    sink = logger.add(lines.append, level="INFO", diagnose=True, backtrace=True)
    try:
        async with shop(**login) as host:
            nobody = await host.context.service_registry.discover({"name": "db"})
            await until(lambda: host.plugin.link.failures > 4)
            health = await host.plugin.check_health()
            answer = await host.client.get("/")
            shown = [repr(host.context.plugin_config), repr(host.context), str(host.status())]
    finally:
        logger.remove(sink)

    assert (nobody, answer.status_code) == ([], 200)
    assert words in health["troubles"]["shop-1"]
    assert words in health["troubles"]["watching db"]
    assert len([line for line in lines if "refuses shop-1" in line]) == 1
    assert PASSWORD not in "".join([*lines, *shown, str(health)])


async def test_what_a_user_may_not_see_is_refused_in_etcd_s_own_words(etcd, shop) -> None:
    async with shop(username="shop", password=PASSWORD, prefix="/theirs") as host:
        await host.context.service_registry.discover({"name": "db"})
        troubles = await until(lambda: len(host.plugin.link.troubles) == 2 and host.plugin.link)

        assert all("permission denied" in one for one in troubles.troubles.values())
        assert not troubles.is_away


def test_a_password_alone_says_nothing() -> None:
    with pytest.raises(ValueError, match="username and password are needed together"):
        EtcdSettings(password="x")


@pytest.mark.parametrize("token", ["s3cr3t\nline", "s3cr3té"], ids=["two lines", "not ASCII"])
async def test_a_token_that_no_header_can_hold_is_refused_and_not_repeated(token) -> None:
    settings = EtcdSettings(username="shop", password="x")
    flow = Login(settings).async_auth_flow(httpx2.Request("POST", settings.address))
    await anext(flow)

    with pytest.raises(Refused, match="the token fits into no header") as raised:
        await flow.asend(httpx2.Response(200, json={"token": token}))

    assert "s3cr3t" not in str(raised.value)


@pytest.mark.parametrize(("prefix", "words"), [("//", "more than slashes"), ("a/", "begin with")])
def test_a_prefix_is_one_of_keys_that_begin_with_a_slash(prefix, words) -> None:
    with pytest.raises(ValidationError, match=words):
        EtcdSettings(prefix=prefix)


async def _count(host, number: int) -> bool:
    return len(await host.context.service_registry.discover({"name": "db"})) == number
