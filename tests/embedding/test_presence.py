"""The service registers itself when its address is known, and leaves before its plugins stop."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from marty_chassis import Chassis, ChassisConfig, create_app
from marty_chassis.plugins import IServicePlugin, plugin
from marty_hookspecs import hookimpl


@plugin(name="desk", version="1.0.0")
class Desk(IServicePlugin):
    """Writes down what becomes of the service, and whether it was ready then."""

    def __init__(self) -> None:
        self.journal: list[object] = []
        self.chassis: Chassis | None = None

    @hookimpl
    async def service_pre_register(self, service_info: Any) -> Any:
        self.journal.append(("pre_register", service_info["address"], service_info["port"]))
        service_info["tags"] = [*service_info["tags"], "blue"]
        return service_info

    async def on_service_register(self, service_info: Any) -> None:
        found = await self.context.service_registry.discover({"name": service_info["name"]})
        self.journal.append(("post_register", found[0]["tags"]))

    async def on_service_unregister(self, service_info: Any) -> None:
        assert self.chassis is not None
        self.journal.append(("pre_unregister", self.chassis.management.ready))

    async def stop(self) -> None:
        found = await self.context.service_registry.discover({})
        self.journal.append(("stop", found))


def chassis_with(desk: Desk, **service: Any) -> Chassis:
    config = ChassisConfig(service={"name": "shop", "tags": ["green"], **service})
    desk.chassis = Chassis(config, plugins=[desk])
    return desk.chassis


async def test_the_whole_life_of_an_entry() -> None:
    desk = Desk()
    chassis = chassis_with(desk)
    chassis.bound("127.0.0.1", 8001)

    async with chassis:
        (found,) = await chassis.service_registry.discover({"name": "shop"})

    assert desk.journal == [
        ("pre_register", "127.0.0.1", 8001),
        ("post_register", ["green", "blue"]),
        ("pre_unregister", False),
        ("stop", []),
    ]
    assert found["id"].startswith("shop-")
    assert (found["scheme"], found["status"]) == ("http", "passing")


async def test_what_is_advertised_comes_before_what_is_bound(log) -> None:
    desk = Desk()
    chassis = chassis_with(desk, advertise="shop.example:443", instance_id="shop-1")
    chassis.bound("10.0.0.1", 8001)

    async with chassis:
        (found,) = await chassis.service_registry.discover({})

    assert (found["id"], found["address"], found["port"]) == ("shop-1", "shop.example", 443)
    assert log == []


@plugin(name="vault", version="1.0.0")
class Vault:
    """Knows better than the file where others reach the service."""

    @hookimpl
    def config_load(self, config_name: str) -> dict[str, object]:
        return {"service": {"advertise": "shop.example:443"}}


async def test_what_plugins_answer_to_config_load_counts(log) -> None:
    chassis = Chassis(ChassisConfig(service={"name": "shop"}), plugins=[Vault])

    async with chassis:
        (found,) = await chassis.service_registry.discover({})

    assert (found["name"], found["address"], found["port"]) == ("shop", "shop.example", 443)
    assert log == []


async def test_a_port_that_was_configured_is_believed(log) -> None:
    desk = Desk()

    async with chassis_with(desk, host="10.0.0.1", port=8080):
        pass

    assert desk.journal[0] == ("pre_register", "10.0.0.1", 8080)
    assert log == []


async def test_an_address_that_nobody_knows_is_one_warning_and_the_hooks_run(log) -> None:
    desk = Desk()

    async with chassis_with(desk) as chassis:
        (found,) = await chassis.service_registry.discover({})

    assert (found["address"], found["port"]) == (None, None)
    assert desk.journal[0] == ("pre_register", None, None)
    (line,) = log
    assert "`service.advertise`" in line


def test_each_run_is_an_entry_of_its_own() -> None:
    app = create_app(ChassisConfig(service={"name": "shop", "advertise": "shop:80"}))
    registry = app.state.chassis.service_registry
    ids = []

    for _ in range(2):
        with TestClient(app) as client:
            assert client.portal is not None
            ids += [one["id"] for one in client.portal.call(registry.discover, {})]

    assert len(set(ids)) == len(ids) == 2


def test_behind_a_real_server_it_is_ready_and_registered(serving) -> None:
    desk = Desk()
    chassis = chassis_with(desk, advertise="shop:80")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise NotImplementedError

    with serving(chassis.wrap(app)).client() as client:
        assert client.get("/-/marty/health/ready").json() == {"status": "pass"}

    assert desk.journal[0] == ("pre_register", "shop", 80)
