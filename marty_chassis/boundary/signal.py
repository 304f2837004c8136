"""A value handed from one task to another, once."""

from __future__ import annotations

from typing import Generic, TypeVar

from marty_chassis.boundary.backend import Waiter, park, wake

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
