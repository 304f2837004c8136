"""What the operator wrote: read, checked, and each value with its place. A lazy door."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marty_chassis.settings.checking import check, unknown_sections
    from marty_chassis.settings.config import ChassisConfig
    from marty_chassis.settings.fields import Level, Listed, Seconds, SettingsModel
    from marty_chassis.settings.given import HookLayer
    from marty_chassis.settings.names import RESERVED, canonical
    from marty_chassis.settings.plugins import PluginSettings, PluginsSettings, ReloadSettings
    from marty_chassis.settings.redaction import Section, redacted
    from marty_chassis.settings.schema import config_schema
    from marty_chassis.settings.sections import (
        EventSettings,
        LifecycleSettings,
        LoggingSettings,
        ManagementSettings,
        MiddlewareSettings,
        ServiceSettings,
    )
    from marty_chassis.settings.shown import Shown
    from marty_chassis.settings.starter import create_file, starter_text

__all__ = [
    "RESERVED",
    "ChassisConfig",
    "EventSettings",
    "HookLayer",
    "Level",
    "LifecycleSettings",
    "Listed",
    "LoggingSettings",
    "ManagementSettings",
    "MiddlewareSettings",
    "PluginSettings",
    "PluginsSettings",
    "ReloadSettings",
    "Seconds",
    "Section",
    "ServiceSettings",
    "SettingsModel",
    "Shown",
    "canonical",
    "check",
    "config_schema",
    "create_file",
    "redacted",
    "starter_text",
    "unknown_sections",
]

_HOMES = {
    "RESERVED": "names",
    "ChassisConfig": "config",
    "EventSettings": "sections",
    "HookLayer": "given",
    "Level": "fields",
    "LifecycleSettings": "sections",
    "Listed": "fields",
    "LoggingSettings": "sections",
    "ManagementSettings": "sections",
    "MiddlewareSettings": "sections",
    "PluginSettings": "plugins",
    "PluginsSettings": "plugins",
    "ReloadSettings": "plugins",
    "Seconds": "fields",
    "Section": "redaction",
    "ServiceSettings": "sections",
    "SettingsModel": "fields",
    "Shown": "shown",
    "canonical": "names",
    "check": "checking",
    "config_schema": "schema",
    "create_file": "starter",
    "redacted": "redaction",
    "starter_text": "starter",
    "unknown_sections": "checking",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
