"""What a plugin hands over from one generation to the next, as it is handed over."""

from __future__ import annotations

import copy
import inspect
from contextlib import suppress
from itertools import pairwise
from typing import Any


class Exports:
    """Notes what `export_state` gives; nothing of a plugin that takes no state."""

    def __init__(self) -> None:
        self.states: list[object] = []

    def watch(self, plugin: Any) -> None:
        """Note what this generation will give."""
        export = getattr(plugin, "export_state", None)
        if export is None or getattr(plugin, "import_state", None) is None:
            return

        async def noted() -> object:
            state = export()
            if inspect.isawaitable(state):
                state = await state
            self.states.append(_copied(state))
            return state

        with suppress(AttributeError):  # It has slots, and is not watched.
            plugin.export_state = noted

    def differ(self) -> bool:
        """Whether one generation gave something else than the next, as far as that can be said."""
        return any(not bool(one == other) for one, other in pairwise(self.states))


def _copied(state: object) -> object:
    """As it is now: the next generation may go on with the same object."""
    try:
        return copy.deepcopy(state)
    except Exception:  # noqa: BLE001 - what cannot be copied is compared as it is
        return state
