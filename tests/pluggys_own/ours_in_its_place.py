"""A pytest plugin: whoever imports `pluggy.PluginManager` from now on gets ours."""

from __future__ import annotations

import pluggy
import pluggy._manager

from marty_chassis.hooks import HookManager

pluggy.PluginManager = HookManager  # type: ignore[misc]
pluggy._manager.PluginManager = HookManager  # type: ignore[misc]
