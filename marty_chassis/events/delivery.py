"""One event on its way to its subscribers, and the context in which they handle it."""

from __future__ import annotations

import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context
from typing import Any, NamedTuple

from marty_chassis.boundary import Signal
from marty_chassis.hooks import Generation

from .event import Event


class Delivery:
    """One event; holds a lease on the generation it was published in until all have handled it."""

    __slots__ = ("_generation", "done", "event", "remaining")

    def __init__(self, event: Event, generation: Generation, subscribers: int) -> None:
        self.event = event
        self.remaining = subscribers
        """How many subscribers have not handled it yet."""
        self.done: Signal[None] = Signal()
        self._generation = generation
        generation.lease.count += 1

    def handled(self) -> None:
        """One subscriber is through with it, or will never get it."""
        self.remaining -= 1
        if not self.remaining:
            self._generation.lease.release()
            self.done.set(None)

    def __repr__(self) -> str:
        return f"<Delivery of {self.event.type} to {self.remaining} more>"


class Letter(NamedTuple):
    """An event in one mailbox, with a copy of its publisher's context of its own."""

    delivery: Delivery
    context: Context


@types.coroutine
def awaited(context: Context, awaitable: Awaitable[Any]) -> Generator[Any, Any, Any]:
    """Await something in another context than the current task's, each step of it.

    So a handler sees its publisher's context variables (a correlation id, a trace), though one task
    handles the events of many publishers.
    """
    coroutine = awaitable if isinstance(awaitable, Coroutine) else _as_coroutine(awaitable)
    step: Callable[[Any], Any] = coroutine.send
    value: Any = None
    while True:
        try:
            waited_for = context.run(step, value)
        except StopIteration as end:
            return end.value
        finally:
            # An error that goes on from here holds this frame, which must not hold the error.
            step, value = coroutine.send, None
        try:
            value = yield waited_for
        except GeneratorExit:
            context.run(coroutine.close)
            raise
        except BaseException as error:  # noqa: BLE001  # handed on to whom it was meant for
            step, value = coroutine.throw, error


async def _as_coroutine(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
