"""Threads that run."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from types import FrameType

from .difference import Difference, Identity, Place
from .libraries import is_library
from .source import Call
from .sources import Sources, place_of_code

_STARTING = (threading.__file__, "<frozen threading>")
_POOLS = ("anyio.", "trio.", "asyncio")
"""Whose threads are kept for whoever needs one next; they count while they run the plugin."""
_MAKERS = ("Thread", "Timer")
_EVERYBODYS = ("logging.", "loguru.")
"""Packages that everybody calls, so that a line must be about the very module to have done it."""


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
    if _is_of_a_pool(thread, frames):
        return None
    runs = _given(thread)
    return (
        sources.place_of(runs, partial(_made, thread, runs, sources))
        or sources.place_of(thread)
        or _of_a_server(getattr(runs, "__self__", None), sources)
        or _of_a_library(frames, sources)
    )


def _given(thread: threading.Thread) -> object:
    """What it was given to run; Python keeps it until the thread ends."""
    given = getattr(thread, "_target", None) or getattr(thread, "function", None)
    return given.func if isinstance(given, partial) else given


def _made(thread: threading.Thread, runs: object, sources: Sources) -> Place | None:
    """The line that makes a thread of a library's function, and names one of both."""
    named = {thread.name, str(getattr(runs, "__name__", thread.name))}
    return sources.call(_MAKERS, named, strictly=True)


def _of_a_server(server: object, sources: Sources) -> Place | None:
    """Where the class is written whose method runs, or the line that has a library start it."""
    package = f"{type(server).__module__.partition('.')[0]}."

    def starts(call: Call) -> bool:
        is_a_function = call.name.startswith(package) and "()" not in call.name
        return is_a_function and call.last.startswith("start")

    return sources.place_of(server, partial(sources.call_that, starts))


def _of_a_library(frames: list[FrameType], sources: Sources) -> Place | None:
    """The first line that is about the library whose code runs."""
    if not frames or not is_library(frames[0].f_code.co_filename):
        return None
    module = str(frames[0].f_globals.get("__name__", ""))
    package = module if module.startswith(_EVERYBODYS) else module.partition(".")[0]
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


def _is_of_a_pool(thread: threading.Thread, frames: list[FrameType]) -> bool:
    module = str(frames[0].f_globals.get("__name__", "")) if frames else ""
    return module.startswith(_POOLS) or thread.name.startswith("asyncio_")
