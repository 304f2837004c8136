"""The events that wait for one subscriber: so many at most, each in its turn.

A task handles them one after another and ends when there are no more: at rest there is none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextvars import Context

import anyio

from marty_chassis.boundary import Detached, Signal, Strays, spawn

from .delivery import Delivery, Letter


class Waiting:
    """A letter that a publisher holds out until there is room for it."""

    __slots__ = ("letter", "taken")

    def __init__(self, letter: Letter) -> None:
        self.letter = letter
        self.taken: Signal[None] = Signal()


class Mailbox:
    """A queue with a limit and the task that empties it through `handle`.

    Publishers who wait for room get it in the order in which they came.
    """

    __slots__ = ("_busy", "_consumer", "_handle", "_letters", "_name", "_waiting", "closed", "size")

    def __init__(
        self,
        handle: Callable[[Mailbox], Awaitable[None]],
        *,
        size: int,
        name: str,
        busy: set[Mailbox],
    ) -> None:
        self.size = size
        self.closed = False
        self._handle = handle
        self._name = name
        self._busy = busy
        self._letters: deque[Letter] = deque()
        self._waiting: deque[Waiting] = deque()
        self._consumer: Detached[None] | None = None

    def __len__(self) -> int:
        return len(self._letters)

    def put(self, letter: Letter) -> bool:
        """Take a letter if there is room for it."""
        if self._consumer is None:
            self._start()
        if len(self._letters) >= self.size:
            return False
        self._letters.append(letter)
        return True

    def wait(self, letter: Letter) -> Waiting:
        """Take a letter as soon as there is room; `taken` tells when, `give_up` ends it."""
        self._waiting.append(waiting := Waiting(letter))
        return waiting

    def give_up(self, waiting: Waiting) -> None:
        """Wait no longer with a letter that has not been taken."""
        self._waiting.remove(waiting)

    def take(self) -> Letter:
        """Hand out the next letter, and let in the first that waits for room."""
        letter = self._letters.popleft()
        if self._waiting:
            waiting = self._waiting.popleft()
            self._letters.append(waiting.letter)
            waiting.taken.set(None)
        return letter

    @property
    def busy(self) -> bool:
        """Whether something waits here or is being handled."""
        return self._consumer is not None or bool(self._letters)

    def when_idle(self, function: Callable[[], None]) -> None:
        """Call this when nothing is being handled any more, at once if nothing is."""
        if self._consumer is None:
            function()
        else:
            self._consumer.when_ended(lambda _: function())

    def deliveries(self) -> Iterator[Delivery]:
        """Give what waits in here, in its order."""
        return (delivery for delivery, _ in self._letters)

    async def drain(self, seconds: float) -> bool:
        """Wait until everything in here has been handled; False when time is up."""
        with anyio.move_on_after(seconds):
            while self.busy:
                # None runs where the event loop of the last one has ended.
                await (self._consumer or self._start()).wait()
            return True
        return False

    def close(self, strays: Strays) -> int:
        """Take nothing more, drop what waits, cancel what is under way; give how many dropped."""
        self.closed = True
        dropped = 0
        while self._letters:
            delivery, _ = self.take()
            delivery.handled()
            dropped += 1
        if self._consumer is not None:
            self._consumer.cancel()
            strays.keep(self._consumer)
        return dropped

    def _start(self) -> Detached[None]:
        self._busy.add(self)
        # In a context of nobody: each letter brings its own.
        self._consumer = spawn(self._handle, self, name=self._name, context=Context())
        self._consumer.when_ended(self._ended)
        return self._consumer

    def _ended(self, _: object) -> None:
        self._consumer = None
        self._busy.discard(self)

    def __repr__(self) -> str:
        return f"<Mailbox {self._name}: {len(self._letters)} of {self.size}>"
