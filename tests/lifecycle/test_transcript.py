"""A whole run, hook by hook, as a reader would tell it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from marty_chassis.discovery import discover
from marty_chassis.plugins import PluginContext, PluginManager, hookimpl
from marty_chassis.settings import ChassisConfig
from marty_hookspecs import service_pre_register

PLUGINS = {
    "audit.py": """
from marty_chassis.plugins import IEventHandlerPlugin, plugin

@plugin(name="audit", version="1.0.0")
class Audit(IEventHandlerPlugin):
    async def initialize(self, context):
        context.tell("audit initializes")

    def get_event_subscriptions(self):
        return {"user.*": "note"}

    async def start(self):
        self.context.tell("audit starts")

    async def note(self, event_type, event_data):
        self.context.tell(f"audit hears {event_type} {event_data}")

    async def stop(self):
        self.context.tell("audit stops")
""",
    "tagger.py": """
from marty_chassis.plugins import IPlugin, hookimpl, plugin

@plugin(name="tagger", version="2.1.0", dependencies=["audit"])
class Tagger(IPlugin):
    def initialize(self, context):
        context.resources.callback(context.tell, "tagger's resource is closed")

    @hookimpl
    async def service_pre_register(self, service_info):
        await self.context.event_bus.publish("user.tagged", service_info["name"])
        return service_info | {"tags": ["blue"]}
""",
    "broken.py": """
from marty_chassis.plugins import IPlugin, plugin

@plugin(name="broken", dependencies=["tagger"])
class Broken(IPlugin):
    async def start(self):
        raise ConnectionError("no database")
""",
    "leaning.py": """
from marty_chassis.plugins import IPlugin, plugin

@plugin(name="leaning", dependencies=["broken"])
class Leaning(IPlugin):
    pass
""",
}


class Journal:
    """Writes down what happens to plugins."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    @hookimpl
    def plugin_loaded(self, plugin_name: str, plugin_metadata: Any) -> None:
        self.lines.append(f"{plugin_name} {plugin_metadata.version} is loaded")

    @hookimpl
    def plugin_started(self, plugin_name: str, seconds: float) -> None:
        assert 0 < seconds < 1
        self.lines.append(f"{plugin_name} has started")

    @hookimpl
    def plugin_failed(self, plugin_name: str, phase: str, reason: str) -> None:
        self.lines.append(f"{plugin_name} failed to {phase}: {reason.partition(';')[0]}")

    @hookimpl
    def plugin_stopped(self, plugin_name: str) -> None:
        self.lines.append(f"{plugin_name} has stopped")


async def test_a_whole_run_is_told_in_order(tmp_path: Path, monkeypatch: Any) -> None:
    lines: list[str] = []
    monkeypatch.setattr(PluginContext, "tell", lines.append, raising=False)
    for name, text in PLUGINS.items():
        (tmp_path / name).write_text(text)
    config = ChassisConfig(plugins={"directories": [str(tmp_path)], "entry_points": "none"})
    manager = PluginManager(config=config)
    manager.register(Journal(lines), name="journal")
    manager.adopt(discover(config, faults=manager.faults).candidates)

    await manager.start()
    lines.append("-- the service runs")
    info = await manager.hooks.ask(service_pre_register, {"name": "billing"})
    await manager.event_bus.drain(1)
    lines.append(f"-- registered with {info.get('tags')}")
    await manager.stop()

    assert lines == [
        "audit 1.0.0 is loaded",
        "audit initializes",
        "audit starts",
        "audit has started",
        "tagger 2.1.0 is loaded",
        "tagger has started",
        "broken 0.0.0 is loaded",
        "broken failed to start: start failed: ConnectionError: no database. Mend its start",
        "-- the service runs",
        "audit hears user.tagged billing",
        "-- registered with ['blue']",
        "tagger's resource is closed",
        "tagger has stopped",
        "audit stops",
        "audit has stopped",
    ]
    assert manager.supervisor.pending() == {}
