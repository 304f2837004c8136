"""Workers of one service in one process, with numbers of their own, and what they have done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from marty_chassis.web.workers import Order, Standing, WorkerResult, Workers

from ...logs import logged


class Hand:
    """Does what it is told, and writes it down."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.done: list[str] = []
        self.plugins: dict[str, Standing] = {}
        self.came_up: list[dict[str, Standing]] = []
        self.caught_up: list[dict[str, Standing]] = []
        self.act: Callable[[Order], Awaitable[WorkerResult]] = self._fine

    async def carry_out(self, order: Order) -> WorkerResult:
        self.done.append(f"{order.action} {order.plugin}")
        return await self.act(order)

    async def _fine(self, order: Order) -> WorkerResult:
        return WorkerResult(pid=self.pid, ok=True, generation=2)

    def standing(self) -> dict[str, Standing]:
        return self.plugins

    async def come_up(self, others: Mapping[str, Standing]) -> None:
        self.came_up.append(dict(others))

    async def catch_up(self, others: Mapping[str, Standing]) -> None:
        self.caught_up.append(dict(others))


class Worker(Workers):
    """One worker, with its hand."""

    def __init__(self, pid: int, environ: Mapping[str, str], patience: float) -> None:
        self.hand = Hand(pid)
        super().__init__(self.hand, environ=environ, patience=patience, pid=pid)

    @property
    def folder(self) -> Path:
        assert self._talk is not None
        return self._talk.wire.folder

    async def order(
        self, plugin: str = "mailer", action: Any = "reload"
    ) -> tuple[WorkerResult, ...]:
        """Give an order that goes well here."""

        async def do() -> WorkerResult:
            return await self.hand.carry_out(
                Order(id="own", pid=self.pid, number=1, action=action, plugin=plugin)
            )

        _, results = await self.ordered(action, plugin, do, lambda result: result)
        return results


Employ = Callable[..., Awaitable[Worker]]


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A folder with a short path, as sockets need one."""
    with TemporaryDirectory(prefix="m") as folder:
        yield Path(folder).resolve()


@pytest.fixture
def environ(runtime: Path) -> dict[str, str]:
    """What the workers of one service share."""
    return {"MARTY_WORKERS_KEY": "a key", "XDG_RUNTIME_DIR": str(runtime)}


@pytest.fixture
async def employ(environ: dict[str, str]) -> AsyncIterator[Employ]:
    """Start workers that have begun, and end them at the end."""
    async with AsyncExitStack() as stack:

        async def employed(
            pid: int,
            *,
            begin: bool = True,
            service: str = "shop",
            configuration: Path | None = None,
            patience: float = 1.0,
            **more: str,
        ) -> Worker:
            worker = Worker(pid, {**environ, **more}, patience)
            stack.push_async_callback(worker.close)
            await worker.open(service, configuration)
            if begin:
                await worker.begin()
            return worker

        yield employed


@pytest.fixture
def log() -> Iterator[list[str]]:
    """The lines that are logged."""
    with logged(format="{level} {message}") as lines:
        yield lines
