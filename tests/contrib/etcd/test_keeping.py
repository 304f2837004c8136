"""What stands in etcd for a service: its key, its value, its lease."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

from marty_hookspecs import ServiceInfo

from ..registries import RealEtcd, coded, until

SHOP: ServiceInfo = {
    "name": "shop",
    "id": "shop-1",
    "address": "10.0.0.7",
    "port": 80,
    "status": "passing",
}


async def pairs(etcd: RealEtcd, prefix: str = "/") -> list[dict[str, Any]]:
    answer = await etcd.post("/v3/kv/range", {"key": coded(prefix), "range_end": coded("0")})
    return list(answer.get("kvs", ()))


async def leases(etcd: RealEtcd) -> list[str]:
    answer = await etcd.post("/v3/lease/leases", {})
    return [lease["ID"] for lease in answer.get("leases", ())]


async def test_a_service_is_kept_as_json_below_the_prefix_and_its_name(etcd, shop) -> None:
    async with shop(prefix="/ours/") as host:
        await until(lambda: host.plugin.keeper.held)
        [pair] = await pairs(etcd)

    assert b64decode(pair["key"]).decode() == "/ours/shop/shop-1"
    assert json.loads(b64decode(pair["value"])) == {
        "name": "shop",
        "id": "shop-1",
        "address": "10.0.0.7",
        "port": 8000,
        "scheme": "http",
        "version": "0.0.0",
        "tags": [],
        "meta": {},
        "status": "passing",
    }
    assert int(pair["lease"]) > 0


async def test_a_service_that_leaves_takes_its_lease_with_it(etcd, shop) -> None:
    async with shop() as host:
        await until(lambda: host.plugin.keeper.held)
        [pair] = await pairs(etcd)
        during = await leases(etcd)

    assert pair["lease"] in during
    assert pair["lease"] not in await leases(etcd)
    assert await pairs(etcd) == []


async def test_a_heartbeat_tells_nobody_anything(etcd, gateway) -> None:
    async with gateway() as ours:
        await ours.announce(SHOP)
        [before] = await pairs(etcd)

        await ours.refresh(SHOP)

        assert await pairs(etcd) == [before]


async def test_what_somebody_has_deleted_is_put_back_by_a_heartbeat(etcd, gateway) -> None:
    async with gateway() as ours:
        await ours.announce(SHOP)
        [before] = await pairs(etcd)
        await etcd.remove("shop", "shop-1")

        await ours.refresh(SHOP)

        [after] = await pairs(etcd)
        assert (after["key"], after["lease"]) == (before["key"], before["lease"])


async def test_what_stands_under_a_lease_that_another_run_keeps_comes_under_our_own(
    etcd, gateway
) -> None:
    async with gateway() as old, gateway() as new:
        await old.announce(SHOP)
        await new.announce(SHOP)
        await old.refresh(SHOP)
        [theirs] = await pairs(etcd)

        await new.refresh(SHOP)

        [ours] = await pairs(etcd)
        assert ours["lease"] != theirs["lease"]
        await etcd.post("/v3/lease/revoke", {"ID": theirs["lease"]})
        assert list(await etcd.found("shop")) == ["shop-1"]


async def test_an_id_that_gets_another_name_leaves_its_old_place(etcd, gateway) -> None:
    async with gateway() as ours:
        await ours.announce(SHOP)
        await ours.announce({**SHOP, "name": "store"})

        assert await etcd.found("shop") == {}
        assert list(await etcd.found("store")) == ["shop-1"]


async def test_another_prefix_after_a_reload_leaves_nothing_at_the_old_one(etcd, shop) -> None:
    async with shop() as host:
        await until(lambda: host.plugin.keeper.held)

        await host.reload(drained=True, prefix="/elsewhere")
        await until(lambda: host.plugin.keeper.held)

        keys = [b64decode(pair["key"]).decode() for pair in await pairs(etcd)]
        assert keys == ["/elsewhere/shop/shop-1"]


async def test_keys_of_a_plugin_s_own_are_not_written(etcd, gateway) -> None:
    odd: Any = {**SHOP, "handle": object(), "zone": None}
    async with gateway() as ours:
        await ours.announce(odd)
        [pair] = await pairs(etcd)

    assert set(json.loads(b64decode(pair["value"]))) == set(SHOP)
