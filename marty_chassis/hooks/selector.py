"""Which generation a request or a call uses: the newest, or the one it began with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import Context, ContextVar, Token, copy_context

import anyio

from .contribution import Contribution
from .generation import Generation, Lease, PointState
from .hold import Hold

Reaches = Callable[[Contribution], bool]

Pinned = list[Generation]
"""What a request began with, alone in a list of the request's own, which is emptied at its end.

What a request has started may outlive it, and keeps its context variables: by the list it learns
that the request is over, and it keeps nothing of the generation. A list is the cheapest of cells.
"""


class Selector:
    """Answers which generation is used; today always the newest, unless one is pinned."""

    def __init__(self, first: Generation) -> None:
        # One variable for each selector: two services in one process never meet.
        self._pin: ContextVar[Pinned | None] = ContextVar("marty_generation", default=None)
        self.variable = self._pin
        """For the host alone, which does for each request what `pin` does, without its calls."""
        self.current = first
        self.holds: tuple[Hold, ...] = ()
        """What new requests wait for; looked at for each of them."""
        self._superseded: list[tuple[Lease, Reaches]] = []
        self._let_go: anyio.Event | None = None
        self._listeners: list[Callable[[], None]] = []

    def pinned(self) -> Generation:
        """The generation of the request that is being served here, else the current one.

        What outlives its request gets the current one as soon as the request has ended.
        """
        pinned = self._pin.get()
        return pinned[0] if pinned else self.current

    def pin(self, generation: Generation | None = None) -> AbstractContextManager[Generation]:
        """Use one generation, the current one if not given, for all that happens inside."""
        return _Pin(self._pin, generation or self.current)

    async def let_in(self) -> bool:
        """Wait for what holds new requests back; whether this one may go on.

        A request inside of another one is not kept: the other one is being waited for.
        """
        seen: set[Hold] = set()
        while not self._pin.get() and (waiting := set(self.holds) - seen):
            seen |= waiting
            for hold in waiting:
                if not await hold.passed():
                    return False
        return True

    def unpinned_context(self) -> Context:
        """A copy of the caller's context in which nothing is pinned, for what may outlive a request.

        What runs in it always uses the current generation.
        """
        context = copy_context()
        if context.get(self._pin):
            context.run(self._pin.set, None)
        return context

    def when_advanced(self, listener: Callable[[], None]) -> None:
        """Call this after each change of the current generation. For the host: it may not raise."""
        self._listeners.append(listener)

    def advance(self, generation: Generation) -> None:
        """Make a generation the current one: one assignment."""
        before, self.current = self.current, generation
        self._supersede(before.lease, _whole(before))
        for hook, state in before.points.items():
            if generation.points.get(hook) is not state:
                self._supersede(state.lease, _asked(state))
        for listener in self._listeners:
            listener()

    def uses(self, contribution: Contribution) -> int:
        """How many calls and requests that are no longer current can still reach it."""
        return sum(lease.count for lease, reaches in self._superseded if reaches(contribution))

    async def drained(self, contribution: Contribution, seconds: float) -> bool:
        """Wait until nobody can reach a withdrawn contribution; False when time is up."""
        with anyio.move_on_after(seconds):
            while self.uses(contribution):
                self._let_go = self._let_go or anyio.Event()
                await self._let_go.wait()
            return True
        return False

    def _supersede(self, lease: Lease, reaches: Reaches) -> None:
        if lease.count:
            self._superseded.append((lease, reaches))
            lease.idle = self._forget_idle

    def _forget_idle(self) -> None:
        self._superseded = [held for held in self._superseded if held[0].count]
        if self._let_go is not None:
            self._let_go.set()
            self._let_go = None

    def __repr__(self) -> str:
        return f"<Selector {self.current!r}, {len(self._superseded)} superseded in use>"


class _Pin(AbstractContextManager[Generation]):
    # A class: a generator made into a context manager would cost every request three times as much.
    __slots__ = ("_chosen", "_pinned", "_token", "_variable")
    _token: Token[Pinned | None]

    def __init__(self, variable: ContextVar[Pinned | None], chosen: Generation) -> None:
        self._variable = variable
        self._chosen = chosen

    def __enter__(self) -> Generation:
        self._pinned = [self._chosen]
        self._token = self._variable.set(self._pinned)
        self._chosen.lease.count += 1
        return self._chosen

    def __exit__(self, *_: object) -> None:
        self._pinned.clear()
        self._chosen.lease.release()
        self._variable.reset(self._token)


def _whole(generation: Generation) -> Reaches:
    # A plugin that has changed what it registers is the same one to a request from before.
    return lambda c: c.same_run(generation.contributions.get(c.plugin))


def _asked(state: PointState) -> Reaches:
    asked = set(state.handlers)
    return lambda c: not asked.isdisjoint(c.handlers)
