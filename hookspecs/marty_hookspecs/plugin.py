"""Plugins learn what happens to plugins."""

from __future__ import annotations

from .metadata import PluginMetadata
from .point import ErrorPolicy, ExtensionPointType, extension_point


@extension_point(
    "plugin.loaded", type=ExtensionPointType.HOOK, on_error=ErrorPolicy.REPORT, deadline=5.0
)
async def plugin_loaded(plugin_name: str, plugin_metadata: PluginMetadata) -> None:
    """Learn that a plugin has been imported and made.

    :called: once for each plugin, before it is initialized.
    :results: none; all plugins that are started are told.
    :errors: reported; the others are told all the same.

    >>> class Journal:
    ...     @hookimpl
    ...     async def plugin_loaded(self, plugin_name, plugin_metadata):
    ...         print(plugin_name, plugin_metadata.version)
    """
    ...


@extension_point(
    "plugin.started", type=ExtensionPointType.HOOK, on_error=ErrorPolicy.REPORT, deadline=5.0
)
async def plugin_started(plugin_name: str, plugin_metadata: PluginMetadata, seconds: float) -> None:
    """Learn that a plugin has started and serves.

    :called: once for each start, after its hooks have become visible; `seconds` is the time that
        initialize and start took together.
    :results: none; all plugins that are started are told.
    :errors: reported; the others are told all the same.

    >>> class Journal:
    ...     @hookimpl
    ...     async def plugin_started(self, plugin_name, seconds):
    ...         print(plugin_name, f"{seconds * 1000:.0f} ms")
    """
    ...


@extension_point(
    "plugin.stopped", type=ExtensionPointType.HOOK, on_error=ErrorPolicy.REPORT, deadline=5.0
)
async def plugin_stopped(plugin_name: str, plugin_metadata: PluginMetadata) -> None:
    """Learn that a plugin has stopped and that what it registered is undone.

    :called: once for each stop of a plugin that had started.
    :results: none; all plugins that are still started are told.
    :errors: reported; the others are told all the same.

    >>> class Journal:
    ...     @hookimpl
    ...     async def plugin_stopped(self, plugin_name):
    ...         print(plugin_name, "has left")
    """
    ...


@extension_point(
    "plugin.failed", type=ExtensionPointType.HOOK, on_error=ErrorPolicy.REPORT, deadline=5.0
)
async def plugin_failed(
    plugin_name: str, plugin_metadata: PluginMetadata, phase: str, reason: str
) -> None:
    """Learn that a plugin could not start, or died.

    :called: once for each failure; `phase` is import, construct, configure, initialize, start,
        run or stop, and `reason` one line.
    :results: none; all plugins that are started are told.
    :errors: reported; the others are told all the same.

    >>> class Pager:
    ...     @hookimpl
    ...     async def plugin_failed(self, plugin_name, phase, reason):
    ...         print(plugin_name, "failed in", phase, "because", reason)
    """
    ...


@extension_point(
    "plugin.reloaded", type=ExtensionPointType.HOOK, on_error=ErrorPolicy.REPORT, deadline=5.0
)
async def plugin_reloaded(
    plugin_name: str,
    plugin_metadata: PluginMetadata,
    generation: int,
    drained: bool,
    seconds: float,
) -> None:
    """Learn that a new generation of a plugin serves and that the old one has been dropped.

    :called: once for each plugin that a reload has replaced, dependents among them, after the old
        generation has stopped; `drained` is false when requests still used it then, `seconds` is
        how long it was waited for.
    :results: none; all plugins that are started are told.
    :errors: reported; the others are told all the same.

    >>> class Journal:
    ...     @hookimpl
    ...     async def plugin_reloaded(self, plugin_name, generation):
    ...         print(plugin_name, "is now generation", generation)
    """
    ...
