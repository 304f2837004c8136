"""One line of JSON, made of one record of loguru."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from marty_chassis.boundary.words import message_of
from marty_chassis.settings.redaction import MASK

from .secrets import Redaction

if TYPE_CHECKING:
    from loguru import Record

DEEPEST: Final = 5
"""Mappings and lists inside of each other that are written as such; further in, as Python would."""
WIDEST: Final = 100
"""Items of one of them."""

_ENDS: Final = ("\x85", "\u2028", "\u2029")
"""What ends a line for some readers, and not for JSON."""


class Line(bytes):
    """A line with its end, and the record that it was made of."""

    record: Record


class Lines:
    """Makes lines; it raises nothing, whatever is logged.

    fixed: what every line has: the service's name and version.
    known: masks the secrets that the service knows.
    """

    def __init__(self, fixed: Mapping[str, str], known: Callable[[str], str]) -> None:
        self._fixed = fixed
        self._redaction = Redaction(known)

    def of(self, record: Record, stack: str) -> Line:
        """Give the line of a record; `stack` is the traceback of its exception, as text."""
        time = record["time"].astimezone(UTC).isoformat(timespec="microseconds")
        text = self._redaction.text
        fields: dict[str, Any] = {
            "timestamp": f"{time.removesuffix('+00:00')}Z",
            "level": record["level"].name,
            "message": text(record["message"]),
            "logger": record["name"],
            "function": record["function"],
            "line": record["line"],
            **self._fixed,
            "pid": record["process"].id,
        }
        exception = record["exception"]
        if exception is not None and exception.type is not None:
            fields["exception_type"] = exception.type.__qualname__
            fields["exception_message"] = text(message_of(exception.value))
            fields["exception_stack"] = text(stack)
        for key, value in record["extra"].items():
            self._add(fields, message_of(key), value, 0)
        line = Line(_as_json(fields))
        line.record = record
        return line

    def _add(self, fields: dict[str, Any], key: str, value: Any, depth: int) -> None:
        """Add what somebody has bound: flat, and never instead of what is there already."""
        looked_into = isinstance(value, dict) and value and depth < DEEPEST
        if looked_into and not self._redaction.hides(key, value):
            for name, item in _items(value):
                self._add(fields, f"{key}.{name}", item, depth + 1)
            return
        while key in fields:
            key = f"extra.{key}"
        fields[key] = self._plain(key, value, depth)

    def _plain(self, key: str, value: Any, depth: int) -> object:
        """Give what JSON can hold. Only what cannot misbehave is looked into."""
        kind = type(value)
        if value is None or kind is bool:
            return value
        if self._redaction.hides(key, value):
            return MASK
        if kind is int and value.bit_length() <= 64:
            return value
        if kind is float and math.isfinite(value):
            return value
        if isinstance(value, dict) and depth < DEEPEST:
            return {name: self._plain(name, item, depth + 1) for name, item in _items(value)}
        if kind in (list, tuple, set, frozenset) and depth < DEEPEST:
            return [self._plain(key, item, depth + 1) for item in tuple(value)[:WIDEST]]
        return self._redaction.text(message_of(value))

    def __repr__(self) -> str:
        return f"<Lines of {', '.join(self._fixed.values())}>"


def _items(mapping: dict[Any, Any]) -> Iterator[tuple[str, object]]:
    # The method of the class itself: one that derives from it may do anything.
    for key, value in list(dict.items(mapping))[:WIDEST]:
        yield message_of(key), value


def _as_json(fields: dict[str, Any]) -> bytes:
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    for end in _ENDS:
        text = text.replace(end, f"\\u{ord(end):04x}")
    # What is no character, half of one for instance, is written as JSON would escape it.
    return f"{text}\n".encode(errors="backslashreplace")
