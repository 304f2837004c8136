"""Threads that run."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

from .difference import Difference, Identity, Place
from .libraries import is_library
from .sources import Sources, place_of_code

_STARTING = (threading.__file__, "<frozen threading>")
_POOLS = ("anyio.", "trio.", "asyncio")
"""Whose threads are kept for whoever needs one next; they count while they run the plugin."""


def look() -> frozenset[threading.Thread]:
    """Every thread there is."""
    return frozenset(threading.enumerate())


def left(
    before: frozenset[threading.Thread], sources: Sources, patience: float
) -> Iterator[Difference]:
    """Those that have come, and run code of the plugin, or were started by a line of it.

    One that was told to end gets `patience` seconds for it.
    """
    ends = time.monotonic() + patience
    for thread in threading.enumerate():
        if thread in before or thread is threading.current_thread():
            continue
        if (where := _where(thread, sources)) is None:
            continue
        thread.join(max(0.0, ends - time.monotonic()))
        if thread.is_alive():
            yield Difference(
                "thread",
                Identity(thread),
                f"thread {thread.name!r} is still running",
                where,
                "Have `stop` end it and wait for it, or let context.tasks.start run it in"
                " anyio.to_thread.run_sync.",
            )


def _where(thread: threading.Thread, sources: Sources) -> Place | None:
    frames = _frames(thread)
    for frame in frames:
        if sources.owns(frame.f_code):
            return place_of_code(frame.f_code, str(frame.f_globals.get("__name__", "")))
    if not frames or _is_of_a_pool(thread, frames[0]):
        return None
    if not is_library(frames[0].f_code.co_filename):
        return None
    package = str(frames[0].f_globals.get("__name__", "")).partition(".")[0]
    return sources.refers_to(package) if package else None


def _frames(thread: threading.Thread) -> list[FrameType]:
    """What it runs, outermost first, without how threads begin."""
    frame = sys._current_frames().get(thread.ident or 0)
    frames: list[FrameType] = []
    while frame is not None:
        frames.insert(0, frame)
        frame = frame.f_back
    while frames and frames[0].f_code.co_filename in _STARTING:
        frames.pop(0)
    return frames


def _is_of_a_pool(thread: threading.Thread, first: FrameType) -> bool:
    module = str(first.f_globals.get("__name__", ""))
    return module.startswith(_POOLS) or thread.name.startswith("asyncio_")
