"""The one sink that loguru has of us, whichever generation of the plugin writes its lines.

A reload hands it on, and changes nothing but a reference: each line is written by the generation
that served when it came by, once. Only another least level needs another sink, as loguru keeps that
with the sink; then both are there for a while, and know which lines the other has had.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from loguru import logger

from .output import Counts
from .standard_library import StandardLibrary

if TYPE_CHECKING:
    from loguru import Message, Record

    from .writer import Writer


class Outlet:
    """Lines on their way to the youngest generation that is there."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._writers: tuple[Writer, ...] = ()
        self._sinks: dict[int, int] = {}
        """The number of each sink, and its level; the last one is the one that stays."""
        self._standard_library = StandardLibrary()
        self._mark = f"outlet {id(self)}"

    def take(self, writer: Writer) -> None:
        """Let a generation write from now on."""
        self._writers = (*self._writers, writer)
        self.fit()

    def leave(self, writer: Writer) -> None:
        """Let the one before it write again, if it was the last one; else nothing changes."""
        was_last = writer is self._writers[-1]
        self._writers = tuple(one for one in self._writers if one is not writer)
        if was_last:
            self.fit()
            self.drop(*self.outdated)

    def fit(self) -> None:
        """Have what is written, and what is handed on, match the generation that writes."""
        if not self._writers:
            self._standard_library.leave()
            self.drop(*self._sinks)
            return
        writer = self._writers[-1]
        if writer.least not in list(self._sinks.values())[-1:]:
            sink = logger.add(
                self._write,
                level=writer.least,
                filter=self._wants,
                # What the sink gets as text is the traceback alone; no values of variables in it.
                format=lambda _: "{exception}",
                backtrace=False,
                diagnose=False,
            )
            self._sinks[sink] = writer.least
        self._standard_library.hand_on(writer.standard_library)

    @property
    def outdated(self) -> tuple[int, ...]:
        """Sinks that another one has replaced: to be dropped when no line is on its way to them."""
        return tuple(self._sinks)[:-1]

    def drop(self, *sinks: int) -> None:
        """Take sinks away."""
        for sink in sinks:
            if self._sinks.pop(sink, None) is not None:
                with suppress(ValueError):  # Somebody has taken all sinks of the process away.
                    logger.remove(sink)

    def _wants(self, record: Record) -> bool:
        writers = self._writers
        return bool(writers) and writers[-1].wants(record)

    def _write(self, message: Message) -> None:
        record: dict[str, object] = message.record  # type: ignore[assignment]
        writers = self._writers
        # All sinks are given one and the same record.
        if writers and self._mark not in record:
            record[self._mark] = True
            writers[-1].write(message.record, str(message))

    def __repr__(self) -> str:
        return f"<Outlet: {self.counts!r}, {len(self._sinks)} sinks>"
