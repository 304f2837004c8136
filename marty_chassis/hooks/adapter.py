"""What pluggy holds for a plugin of the lifecycle: its hook functions, and nothing else.

pluggy looks at every attribute of what is registered, and Python 3.12.1 caches the class it looks
at for ever (CPython #118013). So it gets an object of ours that has only what it needs: twelve
times faster, and no old class stays alive.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .handler import Handler, Turn
from .steps import passing


class Adapter:
    """Some handlers of one plugin, at most one for each hook; compared by identity."""

    def __init__(self, plugin: str, handlers: Iterable[Handler]) -> None:
        self._plugin = plugin
        self._handlers = {handler.hook: handler for handler in handlers}
        # pluggy binds what it finds in an instance's own dictionary as it is.
        vars(self).update({h.hook: _routine(h) for h in self._handlers.values()})

    def options(self, hook: str) -> dict[str, Any] | None:
        """pluggy's options for one hook; `None` for every other attribute."""
        handler = self._handlers.get(hook)
        if handler is None:
            return None
        return {
            "wrapper": handler.wrapper,
            "hookwrapper": False,
            "optionalhook": True,
            "tryfirst": handler.turn is Turn.FIRST,
            "trylast": handler.turn is Turn.LAST,
            "specname": None,
            "priority": handler.priority,
            "blocking": handler.blocking,
        }

    def __dir__(self) -> list[str]:
        return list(self._handlers)

    def __repr__(self) -> str:
        return f"<Adapter of {self._plugin}: {', '.join(self._handlers)}>"


def _routine(handler: Handler) -> Callable[..., Any]:
    """The function, or one that calls it: pluggy takes no partials and no callable objects."""
    if inspect.isroutine(handler.function):
        return handler.function
    make = passing(handler.parameters, handler.parameters)
    routine: Callable[..., Any] = make(handler.function)
    return routine


def adapters(plugin: str, handlers: Iterable[Handler]) -> Iterator[tuple[str, Adapter]]:
    """Give adapters with their names for pluggy; a second handler of one hook needs a second."""
    rest = list(handlers)
    number = 1
    while rest or number == 1:
        first = {handler.hook: handler for handler in reversed(rest)}
        yield plugin if number == 1 else f"{plugin}#{number}", Adapter(plugin, first.values())
        rest = [handler for handler in rest if handler not in first.values()]
        number += 1
