"""Two readings of one configuration: what a reload of plugins takes in, and what needs a restart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig

_AT_THE_START = ("strict", "entry_points")
"""Keys of `plugins` that are looked at once."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What is different; keys only, since values may be secrets."""

    plugins: tuple[str, ...] = ()
    """Those whose section, or whose entry in `plugins.settings`, is another."""
    elsewhere: tuple[str, ...] = ()
    """Dotted keys that are taken in at the next start."""


def changed(before: ChassisConfig, after: ChassisConfig) -> Changed:
    """Compare two readings."""
    old, new = before.plugins, after.plugins
    named = {
        *old.sections,
        *new.sections,
        *(name for one in (old, new) for name in (*one.settings, *one.required, *one.disabled)),
    }
    plugins = tuple(
        name
        for name in sorted(named)
        if old.section(name) != new.section(name)
        or (name in old.sections) != (name in new.sections)
        or old.settings_of(name) != new.settings_of(name)
    )
    return Changed(plugins, tuple(_elsewhere(before, after)))


def _elsewhere(before: ChassisConfig, after: ChassisConfig) -> Iterator[str]:
    for key in type(before).model_fields:
        if key != "plugins":
            yield from _keys(key, getattr(before, key), getattr(after, key))
    for key in _AT_THE_START:
        if getattr(before.plugins, key) != getattr(after.plugins, key):
            yield f"plugins.{key}"
    if before.plugins.reload.watch != after.plugins.reload.watch:
        yield "plugins.reload.watch"


def _keys(path: str, old: object, new: object) -> Iterator[str]:
    if old == new:
        return
    fields = getattr(type(old), "model_fields", None)
    if fields is None or type(old) is not type(new):
        yield path
        return
    for key in fields:
        if getattr(old, key) != getattr(new, key):
            yield f"{path}.{key}"
