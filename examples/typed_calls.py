"""Asking plugins with types: what a hook takes and gives is known to mypy and pyright.

Run it:
    python examples/typed_calls.py

Prints:
    tags: ['blue', 'fast']
    blue gave {'requests': 7}
    broken gave nothing: ZeroDivisionError
    all together: [{'requests': 7}]
"""

from __future__ import annotations

import anyio

from marty_chassis import Chassis
from marty_chassis.plugins import IPlugin, plugin
from marty_hookspecs import ServiceInfo, hookimpl, metrics_collect, service_pre_register


@plugin(name="blue", version="1.0.0")
class Blue(IPlugin):
    @hookimpl
    async def service_pre_register(self, service_info: ServiceInfo) -> ServiceInfo:
        service_info["tags"] = [*service_info.get("tags", []), "blue"]
        return service_info

    @hookimpl
    def metrics_collect(self) -> dict[str, float]:
        return {"requests": 7}


@plugin(name="broken", version="1.0.0")
class Broken(IPlugin):
    @hookimpl(trylast=True)
    async def service_pre_register(self, service_info: ServiceInfo) -> ServiceInfo:
        service_info["tags"] = [*service_info.get("tags", []), "fast"]
        return service_info

    @hookimpl
    def metrics_collect(self) -> dict[str, float]:
        return {"ratio": 1 / 0}


async def main() -> None:
    async with Chassis(plugins=[Blue(), Broken()]) as chassis:
        # A ServiceInfo goes in and comes out; anything else is an error of the type checker.
        info: ServiceInfo = await chassis.hooks.ask(service_pre_register, {"name": "shop"})
        print("tags:", info["tags"])

        for answer in await chassis.hooks.ask_detailed(metrics_collect):
            if answer.error is not None:
                print(answer.plugin, "gave nothing:", answer.error.kind)
            else:
                print(answer.plugin, "gave", answer.value)
        print("all together:", await chassis.hooks.ask(metrics_collect))


if __name__ == "__main__":
    anyio.run(main)
