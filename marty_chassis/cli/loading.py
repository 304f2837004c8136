"""Plugins as they would start: found, made, checked, and nothing of them started.

Whatever fails here would fail in the service, in the same words. What a plugin registers while it
is initialized cannot be known, because that is not done.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import anyio

from marty_chassis.boundary import Fault, Faults, Phase, guarded
from marty_chassis.discovery import Candidate, Found
from marty_chassis.errors import InvalidConfiguration, PluginFault, Problem
from marty_chassis.lifecycle import Ledger, Order, ordered
from marty_chassis.plugins import PluginManager
from marty_chassis.plugins.body import PluginBody
from marty_chassis.plugins.offers import hooks_of, register

from .logs import be_quiet
from .session import Session

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig

Outlook = Literal["starts", "disabled", "blocked", "error"]


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plugin, and what would become of it."""

    candidate: Candidate
    outlook: Outlook
    reason: str = ""
    """Why it would not start, and what to do."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with its section of the configuration."""
    hooks: tuple[str, ...] = ()
    """The hooks it implements, with underscores."""
    fault: Fault | None = None
    """What its own code raised, where that is the reason."""

    @property
    def name(self) -> str:
        """Folded."""
        return self.candidate.name


@dataclass(frozen=True, slots=True)
class Plugins:
    """All plugins of one configuration."""

    config: ChassisConfig
    found: Found
    manager: PluginManager
    """Holds what the plugins register before they are initialized."""
    order: Order
    plugins: Mapping[str, Plugin] = field(default_factory=dict)
    """In the order of starting; where two have one name, the first of them."""
    doubles: tuple[Plugin, ...] = ()
    """The others of that name."""

    @property
    def all(self) -> tuple[Plugin, ...]:
        """Every one, in the order of starting."""
        return (*self.plugins.values(), *self.doubles)


def load(session: Session, config: ChassisConfig | None = None) -> Plugins:
    """Find the plugins of the configuration, the session's if none is given, and make each.

    Raises InvalidConfiguration where the configuration itself cannot be used.
    """
    be_quiet(session)
    config = config or session.load()
    with talking_to_stderr():
        return anyio.run(_loaded, config)


@contextmanager
def talking_to_stderr() -> Iterator[None]:
    """Plugins that print while they are imported do not spoil the data on stdout."""
    with redirect_stdout(sys.stderr):
        try:
            yield
        finally:
            # Before what we say next, which does not go through the same buffer.
            sys.stderr.flush()


async def _loaded(config: ChassisConfig) -> Plugins:
    from marty_chassis.web import Chassis

    chassis = Chassis(config)
    return await tried(config, chassis.found, chassis.plugin_manager)


async def tried(
    config: ChassisConfig, found: Found, manager: PluginManager, *, configured: bool = True
) -> Plugins:
    """Make each plugin that was found, in the order of starting.

    Unless they are configured, what is missing in their sections stands in nobody's way.
    """
    usable = {one.name: one for one in found.candidates if one.usable}
    order = ordered({name: one.metadata for name, one in usable.items()})
    plugins: dict[str, Plugin] = {}
    for name in order.sequence:
        plugins[name] = await _tried(usable[name], manager, order, plugins, configured)
    doubles: list[Plugin] = []
    for one in found.candidates:
        if not one.usable:
            broken = Plugin(one, "error", one.problem, fault=one.fault)
            if plugins.setdefault(one.name, broken) is not broken:
                doubles.append(broken)
    for one in found.disabled:
        plugins.setdefault(one.name, Plugin(one, "disabled", one.problem))
    return Plugins(config, found, manager, order, plugins, tuple(doubles))


async def _tried(
    candidate: Candidate,
    manager: PluginManager,
    order: Order,
    earlier: Mapping[str, Plugin],
    configured: bool,
) -> Plugin:
    """Make one plugin and read what it registers; what stands in its way comes out in words."""
    name = candidate.name
    hooks: tuple[str, ...] = ()
    if candidate.shape != "factory":
        hooks = tuple(sorted(hooks_of(candidate.target)))
    body = manager.body(candidate, Ledger(name), _nobody_dies)
    try:
        problems = await _registered(body, manager.faults)
    except PluginFault as error:
        return Plugin(candidate, "error", f"{error.fault}.", (), hooks, error.fault)
    if problems and configured:
        said = "; ".join(str(problem).rstrip(".") for problem in problems)
        return Plugin(
            candidate, "error", f"its configuration cannot be used: {said}.", problems, hooks
        )
    hooks = tuple(sorted({handler.hook for handler in body.registrations.contribution().handlers}))
    if name in order.cycles:
        return Plugin(candidate, "blocked", str(order.cycles[name]), (), hooks)
    for need in order.needs[name]:
        if not need.optional and not any(_starts(other, earlier) for other in need.met_by):
            waits = f"it needs {need}" if not need.met_by else f"{need.written!r} would not start"
            return Plugin(candidate, "blocked", f"{waits}.", (), hooks)
    body.registrations.publish()
    return Plugin(candidate, "starts", "", (), hooks)


async def _registered(body: PluginBody, faults: Faults) -> tuple[Problem, ...]:
    """Go the way of the lifecycle up to `initialize`, which is left out.

    Gives what is wrong with the plugin's section. Raises PluginFault.
    """
    name = body.candidate.name
    problems: tuple[Problem, ...] = ()
    with guarded(faults, plugin=name, phase=Phase.CONSTRUCT):
        await body.construct()
    with guarded(faults, plugin=name, phase=Phase.CONFIGURE):
        try:
            await body.configure()
        except InvalidConfiguration as error:
            problems = error.problems
    with guarded(faults, plugin=name, phase=Phase.INITIALIZE):
        await register(body.instance, body.registrations, initialized=False)
    return problems


def _starts(name: str, plugins: Mapping[str, Plugin]) -> bool:
    return name in plugins and plugins[name].outlook == "starts"


def _nobody_dies(_: object) -> None:
    """Nothing of a plugin runs here."""
