"""What is published: an envelope with the attributes of CloudEvents 1.0, and the data in it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from marty_chassis.errors import InvalidEvent

from .pattern import checked_type

Extension = str | int | bool
"""What CloudEvents allows as the value of an extension attribute, and JSON keeps as it is."""

SPEC_VERSION = "1.0"

_CORE = frozenset({"specversion", "id", "type", "source", "time", "data"})
_EXTENSION = re.compile(r"[a-z0-9]+", re.ASCII)


def _new_id() -> str:
    return secrets.token_hex(16)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened. All subscribers get the same object: they must not change `data`.

    extensions: further attributes (`traceparent`, `subject`, `datacontenttype`...); their names are
    lower-case letters and digits. Raises `InvalidEvent` for others.
    """

    type: str
    source: str
    """Who published it: a plugin's name."""
    data: Any = None
    id: str = field(default_factory=_new_id)
    """Unique for its source; a receiver that may get an event twice compares it."""
    time: datetime = field(default_factory=_now)
    """When it was published, with its time zone."""
    extensions: Mapping[str, Extension] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.extensions:
            object.__setattr__(self, "extensions", _checked(self.extensions))

    def __hash__(self) -> int:
        # Data are seldom hashable, and these two identify an event.
        return hash((self.source, self.id))

    def to_dict(self) -> dict[str, Any]:
        """The event in CloudEvents' JSON form; `data` as it is, not copied."""
        return {
            "specversion": SPEC_VERSION,
            "id": self.id,
            "type": self.type,
            "source": self.source,
            "time": self.time.isoformat(),
            **self.extensions,
            "data": self.data,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Event:
        """Read CloudEvents' JSON form; a missing time is now. Raises `InvalidEvent`."""
        version = document.get("specversion", SPEC_VERSION)
        if version != SPEC_VERSION:
            raise InvalidEvent("the specversion", version, f"Only {SPEC_VERSION!r} is read.")
        time = document.get("time")
        return cls(
            type=checked_type(document.get("type")),
            source=checked_word("the source", document.get("source")),
            id=checked_word("the id", document.get("id")),
            time=_now() if time is None else _read_time(time),
            data=document.get("data"),
            extensions={
                name: value
                for name, value in document.items()
                if name not in _CORE and value is not None
            },
        )


def checked_word(what: str, found: object) -> str:
    """Give a text that is one and is not empty, or raise `InvalidEvent`."""
    if isinstance(found, str) and found:
        return found
    raise InvalidEvent(what, found, "It must be a text that is not empty.")


def _read_time(found: object) -> datetime:
    wanted = "It must be as RFC 3339 has it: '2026-01-31T12:00:00+00:00'."
    try:
        time = datetime.fromisoformat(checked_word("the time", found))
    except ValueError:
        raise InvalidEvent("the time", found, wanted) from None
    if time.tzinfo is None:
        raise InvalidEvent("the time", found, wanted)
    return time


def _checked(extensions: Mapping[str, Extension]) -> dict[str, Extension]:
    for name, value in extensions.items():
        if not isinstance(name, str) or not _EXTENSION.fullmatch(name) or name in _CORE:
            raise InvalidEvent(
                "the extension attribute",
                name,
                "Its name must be of lower-case letters and digits, and not one of"
                f" {', '.join(sorted(_CORE))}.",
            )
        if not isinstance(value, str | int | bool):
            raise InvalidEvent(
                f"the extension attribute {name!r} =",
                value,
                "It must be a text, a whole number or a bool; everything else belongs into `data`.",
            )
    return dict(extensions)
