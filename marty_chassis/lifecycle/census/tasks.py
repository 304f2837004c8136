"""Tasks of the event loop that no task group of another task holds."""

from __future__ import annotations

from collections.abc import Iterator
from types import FrameType

from marty_chassis.boundary.backend import LooseTask, loose_tasks
from marty_chassis.boundary.detached import Detached

from .difference import Difference, Identity
from .libraries import is_library
from .sources import Sources

_OURS = Detached._run.__code__
"""A task that was spawned by the chassis is watched by it."""
_MAKERS = (
    "create_task",
    "ensure_future",
    "gather",
    "run_coroutine_threadsafe",
    "shield",
    "spawn_system_task",
    "start_soon",
)


def look() -> frozenset[LooseTask]:
    """Every one there is; none outside of an event loop."""
    return frozenset(loose_tasks())


def left(before: frozenset[LooseTask], sources: Sources) -> Iterator[Difference]:
    """Those that have come, and run code of the plugin, or were made by a line of it."""
    for task in loose_tasks():
        frames = _frames(task.coroutine)
        if task in before or not frames or frames[0].f_code is _OURS:
            continue
        where = sources.place_in(frames)
        if where is None and is_library(frames[0].f_code.co_filename):
            where = sources.call(_MAKERS, {frames[0].f_code.co_name}, strictly=True)
        if where is not None:
            yield Difference(
                "task",
                Identity(task.task),
                f"task {task.name!r} is still running",
                where,
                "Start it with context.tasks.start, which ends it with the plugin.",
            )


def _frames(waiting: object) -> list[FrameType]:
    """What a coroutine is doing, outermost first."""
    frames: list[FrameType] = []
    while waiting is not None:
        for frame, inner in (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom")):
            if isinstance(found := getattr(waiting, frame, None), FrameType):
                frames.append(found)
                waiting = getattr(waiting, inner, None)
                break
        else:
            break
    return frames
