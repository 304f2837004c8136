"""The audit trail: what happened to plugins and services, and events, as lines with `audit: true`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loguru import logger

from marty_chassis.events import Event, PluginEventBus
from marty_chassis.events.pattern import Pattern
from marty_hookspecs import PluginMetadata, ServiceInfo, hookimpl

from .settings import StructuredLoggingSettings
from .writer import AUDIT


class Trail:
    """The plugin's hooks that are noted, where its section has an audit trail."""

    _settings: StructuredLoggingSettings

    @hookimpl
    def plugin_loaded(self, plugin_name: str, plugin_metadata: PluginMetadata) -> None:
        self._note("plugin.loaded", plugin=plugin_name, plugin_version=plugin_metadata.version)

    @hookimpl
    def plugin_started(self, plugin_name: str, seconds: float) -> None:
        self._note("plugin.started", plugin=plugin_name, seconds=seconds)

    @hookimpl
    def plugin_stopped(self, plugin_name: str) -> None:
        self._note("plugin.stopped", plugin=plugin_name)

    @hookimpl
    def plugin_failed(self, plugin_name: str, phase: str, reason: str) -> None:
        self._note("plugin.failed", plugin=plugin_name, phase=phase, reason=reason)

    @hookimpl
    def plugin_reloaded(self, plugin_name: str, generation: int, drained: bool) -> None:
        self._note("plugin.reloaded", plugin=plugin_name, generation=generation, drained=drained)

    @hookimpl
    def service_post_register(self, service_info: ServiceInfo) -> None:
        self._note("service.registered", service_info=dict(service_info))

    @hookimpl
    def service_pre_unregister(self, service_info: ServiceInfo) -> None:
        self._note("service.unregistered", service_info=dict(service_info))

    def _note(self, event: str, **fields: Any) -> None:
        if self._settings.audit is not None:
            note(event, **fields)


def note(event: str, **fields: Any) -> None:
    """Write one line of the audit trail."""
    # A line as any other, so that it has the ids of the request in which it happened.
    logger.bind(**{AUDIT: True}, event=event, **fields).info(event)


def listen(bus: PluginEventBus, patterns: Sequence[str]) -> None:
    """Note every event that fits one of these patterns, once."""
    wanted = [Pattern(text) for text in dict.fromkeys(patterns)]
    for place, pattern in enumerate(wanted):
        bus.subscribe(pattern.text, _unless_noted(wanted[:place]))


def _unless_noted(earlier: Sequence[Pattern]) -> Any:
    def noted(event: Event) -> None:
        if not any(pattern.matches(event.type) for pattern in earlier):
            note(event.type, plugin=event.source, event_id=event.id, data=event.data)

    return noted
