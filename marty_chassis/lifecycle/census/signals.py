"""What happens when a signal comes."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from functools import partial

from marty_chassis.boundary.backend import signal_callback

from .difference import Difference
from .sources import Sources


def look() -> Mapping[signal.Signals, object]:
    """The handler of every signal."""
    return {
        number: signal.getsignal(number)
        for number in signal.valid_signals()
        if isinstance(number, signal.Signals)
    }


def left(before: Mapping[signal.Signals, object], sources: Sources) -> Iterator[Difference]:
    """Those that the plugin has set."""
    for number, handler in look().items():
        if handler == before.get(number):
            continue
        # Of asyncio's own handler the loop knows what it calls.
        function = signal_callback(number) or handler
        # A server sets handlers, too, so that a line must name the signal; it never ignores one.
        sets = partial(
            sources.call,
            ("signal", "add_signal_handler"),
            {number.name},
            strictly=not isinstance(handler, signal.Handlers),
        )
        where = sources.place_of(function, sets)
        if where is not None:
            yield Difference(
                "signal",
                number.name,
                f"{number.name} is handled by another function than before",
                where,
                "Signals belong to the server: to do something at the end, do it in `stop`.",
                named=True,
            )
