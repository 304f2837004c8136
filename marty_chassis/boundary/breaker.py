"""When to stop asking a handler that keeps failing, and when to try it again."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum


class Breaker:
    """One for each handler. Ask `allows()` before a call, then tell `succeeded()` or `failed()`.

    It opens after `threshold` faults with no success between them; `cooldown` seconds later it lets
    one call through, and another each `cooldown` seconds until one of them has told how it went.
    While it is closed no clock is read. It is never to stand before a middleware that fails closed.
    """

    __slots__ = ("_clock", "_cooldown", "_faults", "_state", "_threshold", "_waiting_since")

    def __init__(
        self,
        threshold: int = 5,
        cooldown: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if threshold < 1:
            raise ValueError(f"a breaker needs a threshold of 1 or more faults, not {threshold}")
        self._threshold = threshold
        self._cooldown = cooldown
        self._clock = clock
        self._state = BreakerState.CLOSED
        self._faults = 0
        self._waiting_since = 0.0

    @property
    def state(self) -> BreakerState:
        """What it does now. Asking changes nothing."""
        return self._state

    @property
    def faults(self) -> int:
        """How many calls in a row have failed."""
        return self._faults

    def allows(self) -> bool:
        """Whether to make this call; a True while it is open is the one trial, so make it."""
        if self._state is BreakerState.CLOSED:
            return True
        now = self._clock()
        if now - self._waiting_since < self._cooldown:
            return False
        # A trial that was cancelled never tells; the next one may come as late as this one did.
        self._waiting_since = now
        self._state = BreakerState.HALF_OPEN
        return True

    def succeeded(self) -> None:
        """The call went well: closes it, unless it is open and the call is from before that."""
        if self._state is not BreakerState.OPEN:
            self._state = BreakerState.CLOSED
            self._faults = 0

    def failed(self) -> None:
        """The call was a fault."""
        self._faults += 1
        if self._state is BreakerState.OPEN:
            # From before it opened; it must not put off the trial.
            return
        if self._state is BreakerState.HALF_OPEN or self._faults >= self._threshold:
            self._state = BreakerState.OPEN
            self._waiting_since = self._clock()

    def __repr__(self) -> str:
        return f"<Breaker {self._state.value} after {self._faults} faults>"


class BreakerState(Enum):
    """What a breaker does with calls."""

    CLOSED = "closed"
    """Every call goes through."""

    OPEN = "open"
    """No call goes through."""

    HALF_OPEN = "half-open"
    """One call went through, and how it went is not known yet."""
