"""All workers of one service on this host, as one of them sees them: what one does, all do.

There is no server and no leader: each worker has a socket in a folder that all of them know.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio
from loguru import logger

from marty_chassis.boundary import GRACE, Detached, running_loop, spawn
from marty_chassis.boundary.words import traceback_of
from marty_chassis.errors import WorkersApart
from marty_chassis.settings.names import folded

from .folder import folder_for
from .hands import Hands
from .kin import key, kinship
from .message import Action, Hello, State, WorkerResult, states
from .notes import Noted, Scribe
from .noting import Noting
from .orders import Orders
from .talk import Talk
from .wire import AVAILABLE, Wire

T = TypeVar("T")

PATIENCE: Final = 10.0
"""Seconds that an order waits for its turn, and then for the other workers."""


class Workers:
    """The workers of one service. `open` it before the plugins start, `begin` when they have.

    A process that was not started as a worker is alone: then all this does nothing, and so it is
    where workers cannot hear each other, which is said in the log.
    """

    def __init__(
        self,
        hands: Hands,
        *,
        environ: Mapping[str, str] | None = None,
        patience: float = PATIENCE,
        pid: int | None = None,
    ) -> None:
        self.pid = pid or os.getpid()
        self.scribe: Scribe | None = None
        """Knows what the workers write down for each other; to be set before `open`."""
        self._noting: Noting | None = None
        self._hands = hands
        self._environ: Mapping[str, str] = os.environ if environ is None else environ
        self._patience = patience
        self._orders = Orders(hands, patience)
        self._talk: Talk | None = None
        self._loop: object = None
        self._tasks: list[Detached[None]] = []
        self._giving: dict[Detached[Any], None] = {}
        self._first: State | None = None
        """What the others said at the beginning."""
        self._begun = False

    @property
    def alone(self) -> bool:
        """Whether there is nobody to hear or to tell."""
        return self._talk is None

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes of this service on this host that hear each other, this one among them."""
        others = [] if self._talk is None else self._talk.wire.others()
        return tuple(sorted([self.pid, *others]))

    @property
    def number(self) -> int:
        """The last order that was heard of."""
        return self._orders.number

    @property
    def ignored(self) -> int:
        """How much came that was no message of a worker of this service."""
        return 0 if self._talk is None else self._talk.wire.ignored

    async def open(self, service: str, configuration: Path | None) -> None:
        """Be heard by the others, learn how they stand, and stand so; does not raise."""
        await self.close()
        shared = kinship(self._environ)
        if shared is None:
            return
        if not AVAILABLE:
            logger.warning("workers cannot hear each other here: each is moved by itself")
            return
        try:
            wire = await self._wire(shared, service, _place(configuration))
        except WorkersApart as error:
            logger.warning("{}", error)
            return
        self._loop, self._orders = running_loop(), Orders(self._hands, self._patience)
        self._talk = Talk(wire, self._orders.take, self._states)
        if self.scribe is not None:
            self._noting = Noting(self.scribe, self._talk)
            await self._noting.begin()
        self._spawn(self._talk.hear)
        self._first = await self._talk.ask()
        if self._first is not None:
            self._orders.number = self._first.number
            await self._hands.come_up(self._first.plugins)
        logger.info("worker {} of {}", wire.pid, ", ".join(map(str, self.pids)))

    async def begin(self) -> None:
        """Carry out orders from now on, those too that came while plugins started."""
        if self._talk is None:
            return
        first, self._first = self._first, None
        if first is not None:
            # What was imported before the others were asked may be older than what they run.
            async with self._orders.hand:
                await self._hands.catch_up(first.plugins)
        self._begun = True
        self._spawn(self._orders.work, self._talk)

    async def close(self) -> None:
        """Be heard no longer; an order that is given from here has a moment to end."""
        talk, self._talk = self._talk, None
        tasks, self._tasks = self._tasks, []
        giving, self._giving = list(self._giving), {}
        self._begun, self._first = False, None
        if talk is None:
            return
        noting, self._noting = self._noting, None
        if self._loop is not running_loop():
            # What lives in a loop that has ended cannot be told to leave, and does nothing.
            talk.wire.drop()
            if noting is not None:
                noting.leave()
            return
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(GRACE):
                for given in giving:
                    await given.wait()
            for task in (*giving, *tasks):
                task.cancel()
                await task.wait(GRACE)
            if noting is not None:
                await noting.last_word()
            await talk.wire.close()
            if noting is not None:
                noting.leave()

    async def noted(self) -> Noted | None:
        """What all workers have written down, just now; None where this one is alone."""
        return None if self._noting is None else await self._noting.noted()

    async def ordered(
        self,
        action: Action,
        plugin: str,
        do: Callable[[], Awaitable[T]],
        own: Callable[[T], WorkerResult],
        *,
        force: bool = False,
    ) -> tuple[T, tuple[WorkerResult, ...]]:
        """Do it here, and when that went well, in all other workers; give what became of it.

        Raises what `do` raises, and `PluginBusy` where another order is under way. It goes on to
        its end also when whoever asked for it is cancelled. Nobody else is bothered with what
        failed here.
        """
        if self._talk is None:
            value = await do()
            return value, (own(value),)
        orders, name = self._orders, folded(plugin)
        orders.refuse_busy(name)
        task = spawn(
            orders.give, self._talk, action, name, do, own, force, name=f"order: {action} {name}"
        )
        self._giving[task] = None
        task.when_ended(lambda ended: self._giving.pop(ended, None))
        await task.wait()
        try:
            return task.result()
        finally:
            # The raised error's traceback holds this frame; it must not hold the task that holds it.
            del task

    async def _wire(self, shared: bytes, service: str, configuration: str) -> Wire:
        # More than once around where one process has several services of one name.
        for number in count():
            folder = folder_for(service, key(shared, service, configuration, number), self._environ)
            if (wire := await Wire.open(folder, self.pid)) is not None:
                return wire
        raise AssertionError("unreachable: the numbers have no end")

    def _spawn(self, function: Callable[..., Awaitable[None]], *args: object) -> None:
        task = spawn(function, *args, name="marty: workers")
        task.when_ended(_said)
        self._tasks.append(task)

    def _states(self, hello: Hello) -> list[State]:
        number, plugins = (self.number, self._hands.standing()) if self._begun else (0, {})
        return states(hello.id, self.pid, number, plugins)

    def __repr__(self) -> str:
        return f"<Workers {'alone' if self._talk is None else self._talk.wire!r}>"


def _place(configuration: Path | None) -> str:
    return "" if configuration is None else str(configuration.absolute())


def _said(task: Detached[None]) -> None:
    """Say that the task has died, which only a mistake of ours can bring about."""
    if task.error is not None:
        logger.error("this worker no longer hears the others:\n{}", traceback_of(task.error))
