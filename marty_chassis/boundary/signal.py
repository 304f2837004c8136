"""A value handed from one task to another, once."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Generic, TypeVar

from marty_chassis.boundary.backend import Waiter, give_turn, park, place_in_queue, wake

T = TypeVar("T")


class Signal(Generic[T]):
    """Set once, by one task; awaited by others of the same thread.

    Unlike an event it brings a value, and who asks when it has been set goes on without yielding
    to the loop. Being cancelled while waiting loses nothing: the value stays.
    """

    __slots__ = ("_value", "_waiters", "is_set")

    def __init__(self) -> None:
        self.is_set = False
        self._waiters: list[Waiter] = []

    def set(self, value: T) -> bool:
        """Hand over and wake who waits; False when another was first, whose value then stays."""
        if self.is_set:
            return False
        self.is_set = True
        self._value = value
        wake(self._waiters)
        return True

    async def wait(self) -> T:
        """Give the value, as soon as there is one."""
        if not self.is_set:
            await park(self._waiters, None)
        return self._value

    async def within(self, seconds: float | None) -> bool:
        """Wait at most so long (None: no limit); True when the signal is set."""
        if not self.is_set:
            await park(self._waiters, seconds)
        return self.is_set

    def __repr__(self) -> str:
        state = f"set to {self._value!r}" if self.is_set else f"awaited by {len(self._waiters)}"
        return f"<Signal {state}>"


class Turn(Generic[T]):
    """A signal that hands over more than a value: who waits goes on before `set` returns.

    It runs as itself, in its own task with its own context variables, up to where it waits next;
    so the two need no round of the event loop. Where that is not possible (trio) it is woken.
    Whoever waits must be prepared to run while the other's frames are still on the stack. Who has
    set it looks at `cancelled` then, and waits for anything at all if it is true: before Python
    3.13 a task that is cancelled while it runs, and leaves the cancelled scope without waiting,
    takes the cancellation out with it.
    """

    __slots__ = ("_value", "_waiters", "cancelled", "is_set")

    def __init__(self) -> None:
        self.is_set = False
        self.cancelled = False
        """Whether the one who set this was cancelled by the one who went on."""
        self._waiters: list[Waiter] = []

    def set(self, value: T) -> bool:
        """Hand over and let who waits go on; False when another was first."""
        if self.is_set:
            return False
        self.is_set = True
        self._value = value
        if self._waiters:
            self.cancelled = give_turn(self._waiters, value)
        return True

    # Not `async def`: what is awaited is the place in the queue itself.
    def wait(self) -> Awaitable[T]:
        """Give the value, as soon as there is one. Await what this gives, at once."""
        if not self.is_set and (place := place_in_queue(self._waiters)) is not None:
            return place
        return self._parked()

    async def _parked(self) -> T:
        if not self.is_set:
            await park(self._waiters, None)
        return self._value

    def __repr__(self) -> str:
        state = f"set to {self._value!r}" if self.is_set else f"awaited by {len(self._waiters)}"
        return f"<Turn {state}>"
