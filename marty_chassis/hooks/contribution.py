"""What one plugin brings: its handlers, its own extension points, its entries in the parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .handler import Handler
from .points import ExtensionPoint

if TYPE_CHECKING:
    from .generation import Generation

E = TypeVar("E")
"""What a plugin enters."""
V = TypeVar("V")
"""What a generation makes of it."""


class Part(Generic[E, V]):
    """Something a generation holds beside handlers: routes, subscriptions, the request chain.

    `build` makes its immutable value from a generation, once for each generation and when it is
    first wanted; `generation.entries(part)` are what the plugins entered.
    """

    def __init__(self, name: str, build: Callable[[Generation], V]) -> None:
        self.name = name
        self.build = build

    def __repr__(self) -> str:
        return f"<Part {self.name}>"


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """All that one plugin brings, at one moment; compared by identity."""

    plugin: str
    handlers: tuple[Handler, ...] = ()
    points: tuple[ExtensionPoint, ...] = ()
    parts: Mapping[Part[Any, Any], tuple[Any, ...]] = field(default_factory=dict)

    run: object = None
    """What all contributions of one run of the plugin share, however it changes them."""

    def same_run(self, other: Contribution | None) -> bool:
        """Whether both come from one run of the plugin."""
        return other is self or (
            other is not None and self.run is not None and other.run is self.run
        )

    def entries(self, part: Part[E, V]) -> tuple[E, ...]:
        """What the plugin entered into one part."""
        return self.parts.get(part, ())
