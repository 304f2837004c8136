"""A changed configuration, taken in as far as a running service can."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from loguru import logger

from marty_chassis.boundary import Faults, in_thread
from marty_chassis.discovery import find_one
from marty_chassis.errors import InvalidConfiguration, MartyError, NotRunning, PluginBusy
from marty_chassis.lifecycle import State, Supervisor

from .changed import changed
from .deeds import Deeds
from .survey import Scene

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig


class Reconfiguring:
    """Reads the configuration again, and moves the plugins whose part of it is another."""

    def __init__(self, supervisor: Supervisor, faults: Faults, deeds: Deeds) -> None:
        self._supervisor = supervisor
        self._faults = faults
        self._deeds = deeds
        self._later: dict[str, ChassisConfig] = {}
        """Plugins that somebody else was moving, with the configuration before the change."""

    async def reread(self) -> None:
        """Read it, and take it in; one that cannot be used changes nothing, and is logged."""
        before = self._supervisor.config
        try:
            fresh = await in_thread(before.reread, name="configuration: reading again")
        except InvalidConfiguration as error:
            logger.error(f"{error}\nThe configuration stays as it was read last.")
            return
        found = changed(before, fresh)
        if not found.elsewhere and fresh.plugins == before.plugins:
            return
        for problem in fresh.warnings:
            if problem not in before.warnings:
                logger.warning(str(problem))
        if found.elsewhere:
            logger.warning(
                f"the configuration has changed at {', '.join(found.elsewhere)}: restart the"
                " process to take that in"
            )
        # What needs a restart stays as it is until then, all of it.
        self._supervisor.configure(before.with_plugins_of(fresh))
        self._later.update({name: before for name in found.plugins if name not in self._later})

    async def move(self, scene: Scene) -> bool:
        """Move the plugins concerned; False when some are left for later."""
        waiting, self._later = self._later, {}
        known = [one.name for one in self._supervisor.status()]
        order = {name: position for position, name in enumerate(known)}
        for name in sorted(waiting, key=lambda name: order.get(name, len(order))):
            try:
                await self._moved(name, waiting[name], scene, known)
            except (PluginBusy, NotRunning):
                self._later[name] = waiting[name]
            except MartyError as error:
                logger.bind(plugin=name).warning(f"its configuration has changed: {error}")
        return not self._later

    async def _moved(
        self, name: str, before: ChassisConfig, scene: Scene, known: Collection[str]
    ) -> None:
        supervisor, plugins = self._supervisor, self._supervisor.config.plugins
        enabled = plugins.settings_of(name).enabled
        if name not in known:
            if enabled:
                await self._find(name, scene)
            return
        state = supervisor.status_of(name).state
        if not enabled:
            if state is not State.DISABLED:
                await supervisor.disable(name)
        elif state is State.DISABLED:
            # Whoever disabled it at run time wants it so, whatever its section says.
            if not before.plugins.settings_of(name).enabled:
                await supervisor.enable(name)
        elif self._only_by_section(name) and name not in plugins.sections:
            await supervisor.unload(name)
            logger.bind(plugin=name).info("unloaded, the configuration has no section for it")
        elif state is not State.STOPPED:
            await self._deeds.reload(name)

    async def _find(self, name: str, scene: Scene) -> None:
        candidate = find_one(
            scene.config,
            name,
            extra_directories=scene.extra_directories,
            faults=self._faults,
            service_folder=scene.service_folder,
        )
        if candidate is not None:
            await self._deeds.load(candidate)
        elif name in scene.config.plugins.sections:
            logger.warning(f"plugins.{name}: no such plugin is known")

    def _only_by_section(self, name: str) -> bool:
        return self._supervisor.candidates()[name].source.kind == "bundled"

    def __repr__(self) -> str:
        return f"<Reconfiguring {self._supervisor!r}>"
