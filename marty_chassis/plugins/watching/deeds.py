"""The steps of a plan, done through the supervisor; each one's outcome is a line in the log."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger

from marty_chassis.boundary import Faults
from marty_chassis.discovery import Candidate, read_place
from marty_chassis.errors import MartyError, NotRunning, PluginBusy, PluginRequired
from marty_chassis.lifecycle import State, Supervisor

from .plan import Act, Step

if TYPE_CHECKING:
    from marty_chassis.discovery.files import PluginFile
    from marty_chassis.lifecycle import Reloaded


class Deeds:
    """Does what a plan says."""

    def __init__(self, supervisor: Supervisor, faults: Faults) -> None:
        self._supervisor = supervisor
        self._faults = faults

    async def do(self, step: Step, places: Mapping[str, PluginFile]) -> bool:
        """Do one step; False when somebody else is moving the plugin, so that it is for later."""
        if not self._supervisor.config.plugins.reload.code and step.act is not Act.UNLOAD:
            logger.warning(
                f"{self._shown(step.place)} has changed, and plugins.reload.code is false:"
                " restart the process to run what it holds now"
            )
            return True
        try:
            await self._done(step, places.get(step.place))
        except (PluginBusy, NotRunning):
            return False
        except PluginRequired as error:
            what = "is gone" if step.act is Act.UNLOAD else "holds it no more"
            self._warn(step.names[0], f"{self._shown(step.place)} {what}, it serves on: {error}")
        except MartyError as error:
            logger.warning(f"{self._shown(step.place)}: {error}")
        return True

    async def _done(self, step: Step, place: PluginFile | None) -> None:
        where = self._shown(step.place)
        if step.act is Act.UNLOAD:
            (name,) = step.names
            await self._supervisor.unload(name)
            logger.bind(plugin=name).info(f"unloaded, {where} is gone")
        elif place is None:
            return  # It was there a moment ago; the next look will see that it is gone.
        elif step.act is Act.RELOAD:
            await self.reload(step.names[0])
        elif step.act is Act.MOVE:
            (name,) = step.names
            self._supervisor.relocate(name, place)
            logger.bind(plugin=name).info(f"is in {where} now")
            await self.reload(name)
        elif step.act is Act.REFUSE:
            for name in step.names:
                self._refuse(name, where)
        elif step.act is Act.EXCHANGE:
            await self._exchange(step, place)
        else:
            await self._load(step, place)

    async def reload(self, name: str) -> None:
        """Reload one plugin; raises like `Supervisor.reload`, which tells of one that serves."""
        served = self._supervisor.status_of(name).state is State.STARTED
        answer: Reloaded = await self._supervisor.reload(name)
        if answer.rolled_back and not served:
            self._warn(name, f"still not started: {answer.reason}")

    async def load(self, candidate: Candidate) -> None:
        """Take one plugin in; raises like `Supervisor.load`."""
        status = await self._supervisor.load(candidate)
        log = logger.bind(plugin=candidate.name)
        if status.state in (State.STARTED, State.DISABLED):
            log.info(f"loaded from {self._shown(candidate.source.place)}")
        else:
            log.warning(f"loaded and not started: {status.reason}")

    async def _load(self, step: Step, place: PluginFile) -> None:
        """Load what is in a place and is not here yet."""
        found = self._read(place)
        if not found:
            logger.info(f"{self._shown(step.place)}: there is no plugin in it")
        await self._take(found)

    async def _exchange(self, step: Step, place: PluginFile) -> None:
        """Unload what a place holds no more, once it is certain that what it holds can be used."""
        found = self._read(place)
        if not any(one.usable for one in found):
            problem = found[0].problem if found else "it holds no plugin."
            for one in found:
                one.leave()
            for name in step.names:
                self._warn(name, f"serves on: {problem}")
            return
        try:
            for name in step.names:
                await self._supervisor.unload(name)
                logger.bind(plugin=name).info(
                    f"unloaded, {self._shown(step.place)} holds it no more"
                )
        except BaseException:
            for one in found:
                one.leave()
            raise
        await self._take(found)

    async def _take(self, candidates: Sequence[Candidate]) -> None:
        """Load those that are not here yet, and let go of the others."""
        known = self._supervisor.candidates()
        for one in candidates:
            if one.name in known:
                one.leave()
            else:
                await self.load(one)

    def _read(self, place: PluginFile) -> tuple[Candidate, ...]:
        return read_place(self._supervisor.config, place, self._faults)

    def _refuse(self, name: str, where: str) -> None:
        taken = self._supervisor.candidates()[name]
        self._warn(
            name,
            f"{where} has a plugin of this name too, which is not loaded: {taken.source} serves on."
            f" Rename one, or choose with plugins.settings.{name}.from",
        )

    def _warn(self, name: str, text: str) -> None:
        logger.bind(plugin=name).warning(text)

    def _shown(self, place: str) -> str:
        """The path from the configuration file's folder, where it is below that."""
        folder = self._supervisor.config.folder
        return os.path.relpath(place, folder) if Path(place).is_relative_to(folder) else place

    def __repr__(self) -> str:
        return f"<Deeds for {self._supervisor!r}>"
