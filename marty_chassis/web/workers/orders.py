"""Orders as one worker gives and carries them out: one after the other, counted over all workers."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import anyio

from marty_chassis.boundary import Signal
from marty_chassis.errors import PluginBusy

from .hands import Hands
from .message import Action, Order, WorkerResult
from .talk import Talk
from .turns import turn

T = TypeVar("T")

_QUEUE: Final = 1000
"""Orders that may wait here; nobody gives so many, but a message costs nothing."""


class Orders:
    """What this worker was ordered and has not done yet, and what is under way in all of them."""

    def __init__(self, hands: Hands, patience: float) -> None:
        self.number = 0
        """The last order that was heard of."""
        self.hand = anyio.Lock()
        """Held while something is carried out here."""
        self._hands = hands
        self._patience = patience
        self._waiting: deque[Order] = deque()
        self._bell: Signal[None] = Signal()
        self._doing: list[tuple[str, str]] = []

    def take(self, order: Order) -> None:
        """Note an order of another worker; it is carried out when `work` comes to it."""
        if len(self._waiting) < _QUEUE:
            self._waiting.append(order)
            bell, self._bell = self._bell, Signal()
            bell.set(None)

    async def work(self, talk: Talk) -> None:
        """Carry out what others have ordered, for ever."""
        while True:
            while not self._waiting:
                await self._bell.wait()
            order = self._waiting.popleft()
            with self._busy(order.plugin, order.action, order.pid):
                missed = order.number > self.number + 1
                self.number = max(self.number, order.number)
                async with self.hand:
                    result = await self._hands.carry_out(order)
            await talk.answer(order, result)
            if missed and (state := await talk.ask()) is not None:
                async with self.hand:
                    await self._hands.catch_up(state.plugins)

    def refuse_busy(self, plugin: str) -> None:
        """Raise `PluginBusy` for a plugin of which an order is under way, as far as is known."""
        for busy, words in self._doing:
            if busy == plugin:
                raise PluginBusy(plugin, words)

    async def give(
        self,
        talk: Talk,
        action: Action,
        plugin: str,
        do: Callable[[], Awaitable[T]],
        own: Callable[[T], WorkerResult],
        force: bool,
    ) -> tuple[T, tuple[WorkerResult, ...]]:
        """Do it here first, in a turn of our own, and tell the others when that went well."""
        with self._busy(plugin, action, talk.wire.pid):
            async with turn(talk.wire.folder, self._patience) as ours:
                if not ours:
                    raise PluginBusy(plugin, "waiting for an order that another worker gives")
                async with self.hand:
                    value = await do()
                mine = own(value)
                if not mine.ok:
                    return value, (mine,)
                self.number += 1
                order = Order(
                    id=secrets.token_hex(8),
                    pid=talk.wire.pid,
                    number=self.number,
                    action=action,
                    plugin=plugin,
                    force=force,
                    seconds=self._patience,
                )
                return value, (mine, *await talk.tell(order))

    @contextmanager
    def _busy(self, plugin: str, action: str, pid: int) -> Iterator[None]:
        """Note what is under way, so that who asks for it too is told."""
        entry = (plugin, f"being moved: worker {pid} was asked to {action} it")
        self._doing.append(entry)
        try:
            yield
        finally:
            self._doing.remove(entry)

    def __repr__(self) -> str:
        return f"<Orders up to {self.number}, {len(self._waiting)} waiting>"
