"""`middleware:` of the configuration: each entry is a plugin that wraps the application."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from marty_chassis.errors import (
    ConfigurationError,
    InvalidConfiguration,
    Problem,
    WrongMiddleware,
)
from marty_chassis.settings.names import canonical
from marty_hookspecs import PluginMetadata

from .wrapping import ConfiguredMiddleware, configured_wrap

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig, MiddlewareSettings


def configured_plugins(config: ChassisConfig) -> list[ConfiguredMiddleware]:
    """Give a plugin for each entry; the first one is outermost, around those of other plugins.

    Each is named as its entry says, or after its class, with a number where there are several.
    Raises `InvalidConfiguration` with the place of each one that cannot be used.
    """
    seen: Counter[str] = Counter()
    found: list[ConfiguredMiddleware] = []
    problems: list[Problem] = []
    for position, entry in enumerate(config.middleware):
        try:
            found.append(_plugin(entry, position, seen))
        except ConfigurationError as error:
            key = f"middleware.{position}.use"
            problems.append(_problem(error, key, config.origin(key)))
    if problems:
        raise InvalidConfiguration(problems)
    return found


def _plugin(entry: MiddlewareSettings, position: int, seen: Counter[str]) -> ConfiguredMiddleware:
    made = configured_wrap(entry.use, entry.options, priority=position)
    name = canonical(entry.name or entry.use.rpartition(":")[2].rpartition(".")[2].lstrip("_"))
    seen[name] += 1
    number = f"-{seen[name]}" if seen[name] > 1 else ""
    made.plugin_metadata = PluginMetadata(
        f"{name}{number}",
        description=f"{entry.use}, from the configuration",
        # Without us a middleware that cannot be made stops the application too.
        required=True,
    )
    return made


def _problem(error: ConfigurationError, key: str, place: str) -> Problem:
    if isinstance(error, WrongMiddleware):
        return Problem(key, f"{error.use}: {error.found}", place, error.advice)
    return Problem(key, str(error).rstrip("."), place)
