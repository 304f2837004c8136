"""Carrying out in this worker what another one has been asked for, and standing as others do."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import Protocol

import anyio
from loguru import logger

from marty_chassis.boundary.words import traceback_of
from marty_chassis.errors import MartyError, PluginBusy
from marty_chassis.lifecycle import PluginStatus, Reloaded, State

from .message import Action, Order, Standing, WorkerResult, words

_PAUSE = 0.05


class Plugins(Protocol):
    """The supervisor."""

    @property
    def running(self) -> bool:
        """Whether plugins are to run."""
        ...

    def status(self) -> tuple[PluginStatus, ...]:
        """Everything about every plugin."""
        ...

    def on_disk(self, name: str) -> str | None:
        """The digest of a plugin's source as it is now."""
        ...

    def take_over(self, name: str, *, generation: int, required: bool) -> None:
        """Know of a plugin what another process knows, before the plugins start here."""
        ...

    async def enable(self, name: str) -> PluginStatus:
        """Let a disabled plugin start again."""
        ...

    async def disable(self, name: str, *, force: bool = False) -> PluginStatus:
        """Stop a plugin and keep it from starting."""
        ...

    async def reload(self, name: str) -> Reloaded:
        """Replace a plugin by what its source is now."""
        ...


class Here:
    """The plugins of this worker, moved because another one has said so."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins

    async def carry_out(self, order: Order) -> WorkerResult:
        """Do it, and say what has become of it; raises nothing.

        What is being moved by somebody else here is waited for, as long as the other worker waits.
        """
        began = time.perf_counter()
        ends = anyio.current_time() + order.seconds
        while True:
            try:
                return await self._done(order, began)
            except PluginBusy as error:
                if anyio.current_time() + _PAUSE < ends:
                    await anyio.sleep(_PAUSE)
                    continue
                reason = str(error)
            except MartyError as error:
                reason = str(error)
            except Exception as error:  # noqa: BLE001  # ours; the other worker is to hear of it
                logger.error("an order was not carried out:\n{}", traceback_of(error))
                reason = f"{type(error).__name__}: a mistake in marty-chassis, see its log."
            took = (time.perf_counter() - began) * 1000
            return WorkerResult(
                pid=os.getpid(), ok=False, reason=words(reason), duration_ms=round(took, 3)
            )

    def standing(self) -> dict[str, Standing]:
        """How every plugin stands here."""
        return {
            one.name: Standing(
                generation=one.generation,
                started=one.state is State.STARTED,
                required=one.required,
                sha256=one.sha256,
                disabled=one.switched,
            )
            for one in self._plugins.status()
        }

    async def come_up(self, others: Mapping[str, Standing]) -> None:
        """Disable and enable what they have at run time, and know what they know of each plugin."""
        for name, theirs in others.items():
            generation = theirs.generation + (not theirs.started)
            self._plugins.take_over(name, generation=generation, required=theirs.required)
        for _, theirs, mine in self._both(others):
            await self._switch(mine, theirs)

    async def catch_up(self, others: Mapping[str, Standing]) -> None:
        """Disable, enable and reload what others have, where the files are still the same.

        Where they are not, nobody can run what the others run, and the log says so.
        """
        for name, theirs, mine in self._both(others):
            await self._switch(mine, theirs)
            if theirs.disabled or theirs.sha256 in (None, mine.sha256) or mine.sha256 is None:
                continue
            if self._plugins.on_disk(name) == theirs.sha256:
                order = Order(id="-", pid=os.getpid(), number=1, action="reload", plugin=name)
                result = await self.carry_out(order)
                if result.ok:
                    continue
                reason = result.reason
            else:
                reason = f"Its source has changed since they read it: reload plugin {name!r}."
            logger.bind(plugin=name).warning(
                "this worker runs {}, the others {}. {}",
                mine.sha256[:12],
                (theirs.sha256 or "")[:12],
                reason,
            )

    async def _switch(self, mine: PluginStatus, theirs: Standing) -> None:
        """Disable or enable a plugin as the others have, if it is not so already."""
        if theirs.disabled is None or theirs.disabled is mine.switched:
            return
        action: Action = "disable" if theirs.disabled else "enable"
        order = Order(
            id="-", pid=os.getpid(), number=1, action=action, plugin=mine.name, force=True
        )
        result = await self.carry_out(order)
        if not result.ok:
            logger.bind(plugin=mine.name).warning(
                "the others have it {}d, this worker not: {}", action, result.reason
            )

    def _both(self, others: Mapping[str, Standing]) -> Iterator[tuple[str, Standing, PluginStatus]]:
        for mine in self._plugins.status():
            if (theirs := others.get(mine.name)) is not None:
                yield mine.name, theirs, mine

    async def _done(self, order: Order, began: float) -> WorkerResult:
        if order.action == "reload":
            return of_reload(await self._plugins.reload(order.plugin))
        if order.action == "enable":
            status = await self._plugins.enable(order.plugin)
            wanted = State.STARTED if self._plugins.running else status.state
        else:
            status = await self._plugins.disable(order.plugin, force=order.force)
            wanted = State.DISABLED
        return of_status(status, wanted, began)

    def __repr__(self) -> str:
        return f"<Here {self._plugins!r}>"


def of_reload(reloaded: Reloaded) -> WorkerResult:
    """What a reload is to the other workers."""
    return WorkerResult(
        pid=reloaded.worker,
        ok=not reloaded.rolled_back,
        generation=reloaded.generation,
        sha256=reloaded.sha256,
        rolled_back=reloaded.rolled_back,
        reason=words(reloaded.reason),
        duration_ms=reloaded.duration_ms,
    )


def of_status(status: PluginStatus, wanted: State, began: float) -> WorkerResult:
    """What enabling or disabling is to the other workers; `began` is on `time.perf_counter`."""
    return WorkerResult(
        pid=os.getpid(),
        ok=status.state is wanted,
        generation=status.generation,
        sha256=status.sha256,
        reason=words(status.reason) if status.state is not wanted else "",
        duration_ms=round((time.perf_counter() - began) * 1000, 3),
    )
