"""Asking 0, 1, 5 and 20 plugins: beside a hand-written loop, pluggy with gather, and apluggy.

Run it:  python -m benchmarks.dispatch
Prints:  one table for each number of plugins, then the targets and whether they were reached.

The handlers are trivial `async def` methods of a FILTER, so what is timed is the asking.
"""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import Callable
from typing import Any

import apluggy
import pluggy
from loguru import logger

from benchmarks.alternating import Measured, Once, alternate
from marty_chassis.hooks import ExtensionPoint, HookManager, Registrations
from marty_chassis.hooks.adapter import Adapter
from marty_chassis.plugins import IMiddlewarePlugin, plugin
from marty_hookspecs import ExtensionPointType

SIZES = (0, 1, 5, 20)


class Plugin:
    """One plugin; as many instances as the table wants."""

    @pluggy.HookimplMarker("rival")
    async def transform(self, data: int) -> int:
        """Change the value a little."""
        return data + 1


class Specs:
    """The rivals' specification."""

    @pluggy.HookspecMarker("rival")
    async def transform(self, data: int) -> int:  # type: ignore[empty-body]
        """Change the value."""


def ours(size: int) -> HookManager:
    """Our manager with a custom FILTER and so many plugins."""
    manager = HookManager()
    owner = Registrations(manager, "owner")
    owner.add_point(
        ExtensionPoint("transform", ExtensionPointType.FILTER, "", {"data": "int"}, "int")
    )
    owner.publish()
    for number in range(size):
        one = Registrations(manager, f"p{number}")
        one.add_handler("transform", Plugin().transform)
        one.publish()
    return manager


def rivals(size: int, kind: Callable[[str], Any]) -> Any:
    """A rival's manager with so many plugins."""
    manager = kind("rival")
    manager.add_hookspecs(Specs)
    for _ in range(size):
        manager.register(Plugin())
    return manager


def variants(size: int) -> dict[str, Once]:
    """Everything that one table compares; the hand-written loop first."""
    functions = [Plugin().transform for _ in range(size)]
    manager = ours(size)
    state = manager.current.points["transform"]
    # The typed door takes the specification itself.
    point: Any = ExtensionPoint(
        "transform", ExtensionPointType.FILTER, "", {"data": "int"}, "int"
    ).specification()
    hooks = manager.hooks
    gathering, asynchronous = (
        rivals(size, pluggy.PluginManager),
        rivals(size, apluggy.PluginManager),
    )

    async def loop(value: int) -> int:
        for function in functions:
            value = await function(value)
        return value

    async def by_hand(count: int) -> None:
        for _ in range(count):
            await loop(1)

    async def by_plan(count: int) -> None:
        for _ in range(count):
            await state.call(1)

    async def by_ask(count: int) -> None:
        for _ in range(count):
            await hooks.ask(point, 1)

    async def by_name(count: int) -> None:
        for _ in range(count):
            await hooks.call("transform", 1)

    async def by_pluggy(count: int) -> None:
        for _ in range(count):
            await asyncio.gather(*gathering.hook.transform(data=1))

    async def by_apluggy(count: int) -> None:
        for _ in range(count):
            await asynchronous.ahook.transform(data=1)

    return {
        "a loop, written by hand": by_hand,
        "ours, the generated caller": by_plan,
        "ours, hooks.ask(point, ...)": by_ask,
        "ours, hooks.call('name', ...)": by_name,
        "pluggy, awaited with gather": by_pluggy,
        "apluggy, pm.ahook.x()": by_apluggy,
    }


def registering() -> dict[str, Once]:
    """G18: what a plugin costs pluggy to register, and what our adapter costs."""
    plain, mine = pluggy.PluginManager("marty"), HookManager()

    @plugin(name="audited", version="1.0.0")
    class Audited(IMiddlewarePlugin):
        async def process_request(self, request: Any, call_next: Any) -> Any:
            return await call_next(request)

    async def as_pluggy_does(count: int) -> None:
        for _ in range(count):
            made = Audited()
            plain.register(made, "audited")
            plain.unregister(made)

    async def through_an_adapter(count: int) -> None:
        for _ in range(count):
            staged = Registrations(mine, "audited")
            staged.add_handler("middleware_process", Audited().process_request)
            staged.publish()
            staged.withdraw()

    made = Audited()
    staged = Registrations(mine, "audited")
    handler = staged.add_handler("middleware_process", made.process_request)
    bare = HookManager()

    async def the_adapter_alone(count: int) -> None:
        for _ in range(count):
            adapter = Adapter("audited", [handler])
            bare.register(adapter, "audited")
            bare.unregister(adapter, "audited")

    return {
        "pluggy: register and unregister an IPlugin": as_pluggy_does,
        "pluggy: register and unregister our adapter": the_adapter_alone,
        "ours: publish and withdraw it (two generations)": through_an_adapter,
    }


async def main() -> None:
    """Print the tables."""
    logger.remove()
    print(f"Python {platform.python_version()}, pluggy {pluggy.__version__}\n")
    found: dict[int, dict[str, Measured]] = {}
    for size in SIZES:
        table = await alternate(variants(size))
        found[size] = {measured.name: measured for measured in table}
        print(f"{size} plugins", *table, "", sep="\n")
    table = await alternate(registering())
    print("registering", *table, "", sep="\n")
    print("targets")
    for size in SIZES[1:]:
        ratio = found[size]["ours, the generated caller"].ratio
        print(_line(f"G1  caller vs loop, {size} plugins", ratio, 1.20))
    for size in SIZES[2:]:
        mine = found[size]["ours, the generated caller"].ratio
        gather = found[size]["pluggy, awaited with gather"].ratio / mine
        apl = found[size]["apluggy, pm.ahook.x()"].ratio / mine
        print(_line(f"G2  pluggy and gather vs ours, {size} plugins", gather, 40, least=True))
        print(_line(f"G2  apluggy vs ours, {size} plugins", apl, 40, least=True))
    print(_line("G18 the adapter vs the plugin itself", table[1].ratio, 0.15))


def _line(name: str, ratio: float, target: float, *, least: bool = False) -> str:
    reached = ratio >= target if least else ratio <= target
    sign = ">=" if least else "<="
    return f"{name:<46}{ratio:>9.2f}x  {sign} {target:g}x  {'reached' if reached else 'MISSED'}"


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
