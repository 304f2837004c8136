"""What the configuration wants of plugins: which are off, named, required."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marty_chassis.discovery.bundled import BUNDLED
from marty_chassis.errors import Problem, did_you_mean

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig


class Wishes:
    """Answers by folded name."""

    def __init__(self, config: ChassisConfig) -> None:
        self._config = config
        plugins = config.plugins
        self.sections = frozenset(plugins.sections)
        self._settings = plugins.settings
        self.required = frozenset(plugins.required) | {
            name for name, one in plugins.settings.items() if one.required
        }
        self.disabled = frozenset(plugins.disabled) | {
            name for name, one in plugins.settings.items() if not one.enabled
        }
        self.named = (self.sections | self.required | frozenset(plugins.settings)) - self.disabled

    def choice(self, name: str) -> str | None:
        """Give `plugins.settings.<name>.from`."""
        found = self._settings.get(name)
        return found.from_ if found is not None else None

    def why_disabled(self, name: str) -> str:
        """Say where it is disabled, and how to change it."""
        plugins = self._config.plugins
        if name in plugins.disabled:
            key: tuple[str | int, ...] = ("plugins", "disabled", plugins.disabled.index(name))
            return f"disabled by plugins.disabled ({self._config.origin(key)})."
        key = ("plugins", "settings", name, "enabled")
        return f"disabled by plugins.settings.{name}.enabled ({self._config.origin(key)})."

    def missing(self, known: frozenset[str]) -> list[tuple[str, Problem]]:
        """Give the required plugins that nobody has."""
        return [(name, self._missing(name, known)) for name in sorted(self.required - known)]

    def unknown_sections(self, known: frozenset[str]) -> list[Problem]:
        """Give a warning for each section, or entry of `plugins.settings`, of no known plugin."""
        # Whoever has a configuration has paid for pydantic already.
        from marty_chassis.settings import unknown_sections

        return unknown_sections(self._config, known, BUNDLED)

    def _missing(self, name: str, known: frozenset[str]) -> Problem:
        plugins = self._config.plugins
        if name in plugins.required:
            key: tuple[str | int, ...] = ("plugins", "required", plugins.required.index(name))
        else:
            key = ("plugins", "settings", name, "required")
        return Problem(
            ".".join(str(one) for one in key),
            f"the plugin {name!r} is required and was not found",
            self._config.origin(key),
            did_you_mean(name, sorted({*known, *BUNDLED})).strip()
            or "Install it, or put it into a plugin folder.",
        )
