"""What is called when the process ends; there is no door to ask for it."""

from __future__ import annotations

import atexit


def registered() -> list[object]:
    """Every function that is."""
    listens = _Listens()
    atexit.unregister(listens)  # type: ignore[arg-type]
    return listens.heard


class _Listens:
    """Equal to nothing, and knows what it was compared with."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self) -> None:
        self.heard: list[object] = []

    def __eq__(self, other: object) -> bool:
        self.heard.append(other)
        return False
