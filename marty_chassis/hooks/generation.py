"""One frozen state of everything plugins bring; a request sees exactly one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from marty_hookspecs import PointSpec

from .contribution import Contribution, E, Part, V
from .handler import Handler


class Lease:
    """How many use something right now."""

    __slots__ = ("count", "idle")

    def __init__(self) -> None:
        self.count = 0
        self.idle: Callable[[], None] | None = None
        """Called when the last holder of something that is no longer current lets go."""

    def release(self) -> None:
        """Let go of one hold."""
        self.count -= 1
        if self.idle is not None:
            self.settled()

    def settled(self) -> None:
        """Say so when nobody holds it any more."""
        if not self.count and self.idle is not None:
            self.idle()

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<Lease {self.count}>"


@dataclass(frozen=True, slots=True, eq=False)
class PointState:
    """One extension point as it is asked now; replaced when its handlers change."""

    spec: PointSpec[Any, Any]
    parameters: tuple[str, ...]
    handlers: tuple[Handler, ...]
    """In the order of calling."""
    call: Callable[..., Any]
    """Asks all handlers; takes the specification's own arguments."""
    lease: Lease
    """Held by every call that asks these handlers."""
    owner: str | None
    """The plugin that brought the point; `None` for the contract's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """One frozen state; the next one is made beside it and stored in one assignment."""

    number: int
    contributions: Mapping[str, Contribution]
    """By plugin."""
    points: Mapping[str, PointState]
    """By hook name, with underscores."""
    lease: Lease = field(default_factory=Lease)
    """Held by every request that began with it."""
    _made: dict[Part[Any, Any], Any] = field(default_factory=dict)

    def handlers(self, hook: str) -> tuple[Handler, ...]:
        """The handlers of one hook in the order of calling; none for an unknown hook."""
        state = self.points.get(hook)
        return state.handlers if state else ()

    def entries(self, part: Part[E, V]) -> Iterator[tuple[str, E]]:
        """What every plugin entered into one part, with the plugin's name, by name."""
        for name, contribution in self.contributions.items():
            for entry in contribution.entries(part):
                yield name, entry

    def part(self, part: Part[E, V]) -> V:
        """What a part makes of this generation; made when first wanted, then kept."""
        try:
            value: V = self._made[part]
        except KeyError:
            value = self._made[part] = part.build(self)
        return value

    def __repr__(self) -> str:
        return f"<Generation {self.number}: {', '.join(self.contributions) or 'no plugins'}>"
