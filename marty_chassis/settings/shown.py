"""A configuration as the command line shows it; secrets are masked before it comes here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import PurePath

from marty_chassis.settings.places import Path, dotted
from marty_chassis.settings.redaction import redacted

__all__ = ["Shown", "plain", "rows"]


@dataclass(frozen=True, slots=True)
class Shown:
    """One value, where it is from, and the dotted path to it."""

    path: str
    value: object
    origin: str


def plain(value: object) -> object:
    """Give the value as JSON can hold it; an object that JSON does not know is its type's name."""
    value = redacted(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, PurePath | date | time):
        return str(value)
    return f"<{type(value).__name__}>"


def rows(
    value: Mapping[str, object], origin: Callable[[Path], str], path: Path = ()
) -> list[Shown]:
    """Give a row for each value that holds no others; a list is one value."""
    found: list[Shown] = []
    for key, item in value.items():
        here = (*path, key)
        if isinstance(item, Mapping) and item:
            found += rows(item, origin, here)
        else:
            found.append(Shown(dotted(here), item, origin(here)))
    return found
