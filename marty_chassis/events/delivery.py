"""One event on its way to its subscribers, and the context in which they handle it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextvars import Context
from types import CoroutineType, coroutine
from typing import Any

from marty_chassis.boundary import Signal
from marty_chassis.hooks import Generation, is_awaitable

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


Letter = tuple[Delivery, Context]
"""An event in one mailbox, with a copy of its publisher's context of its own."""


def begun(context: Context, call: Callable[[Event], Any], event: Event) -> Awaitable[object] | None:
    """Call a handler in a context, up to where it first waits; give the rest, or None if none is.

    So a handler sees its publisher's context variables (a correlation id, a trace), though one task
    handles the events of many publishers. Most handlers never wait, and cost no more than the call.
    """
    answer = context.run(call, event)
    if answer is None:
        return None
    if type(answer) is not CoroutineType:
        if not is_awaitable(answer):
            return None
        answer = _as_coroutine(answer)
    try:
        waits_for = context.run(answer.send, None)
    except StopIteration:
        return None
    return _rest(context, answer, waits_for)


@coroutine
def _rest(
    context: Context, begun: CoroutineType[Any, Any, Any], waits_for: object
) -> Generator[Any, Any, object]:
    """Every further step of a coroutine, each in its own context instead of the task's."""
    while True:
        step: Callable[[Any], Any] = begun.send
        value: Any = None
        try:
            value = yield waits_for
        except GeneratorExit:
            context.run(begun.close)
            raise
        except BaseException as error:  # noqa: BLE001  # handed on to whom it was meant for
            step, value = begun.throw, error
        try:
            waits_for = context.run(step, value)
        except StopIteration as end:
            return end.value
        finally:
            # An error that goes on from here holds this frame, which must not hold the error.
            del step, value


async def _as_coroutine(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
