"""Importing and making plugins as a service would, up to `initialize`; what comes of it as data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from marty_chassis.boundary import Faults
from marty_chassis.cli.details import row
from marty_chassis.cli.loading import Plugins, load, tried
from marty_chassis.cli.logs import be_quiet
from marty_chassis.cli.session import Session
from marty_chassis.discovery import Candidate, Found, listing
from marty_chassis.discovery.bundled import BUNDLED
from marty_chassis.discovery.duplicates import settled
from marty_chassis.discovery.martyconf import Martyconf
from marty_chassis.errors import Problem
from marty_chassis.plugins import PluginManager

from .finding import Finding, shown
from .outcome import of_plugins, of_problem, stands
from .unit import Unit

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig


def of_configuration(session: Session, watch: Callable[[], None]) -> dict[str, Any]:
    """Try every plugin of the configuration; `watch` is called when that begins."""
    import marty_chassis.web  # noqa: F401  # before that, as it takes a while

    watch()
    plugins = load(session)
    problems = (*plugins.config.warnings, *plugins.found.problems)
    findings = [*map(of_problem, problems), *of_plugins(plugins)]
    return _answer(map(row, plugins.all), findings)


def of_units(
    session: Session, units: Sequence[Unit], begin: Callable[[int], None]
) -> dict[str, Any]:
    """Try the plugins of these units, those of each group together; `begin` hears of each unit."""
    be_quiet(session)
    config = session.load()
    faults = Faults(redact=config.masked)
    findings: list[Finding] = []
    groups: list[list[Candidate]] = []
    numbered = sorted(enumerate(units), key=lambda one: one[1].group)
    for _, these in groupby(numbered, lambda one: one[1].group):
        groups.append([])
        for number, unit in these:
            begin(number)
            sys.path[:0] = [one for one in unit.search if one not in sys.path]
            candidates, problems = _read(unit, faults)
            groups[-1] += candidates
            findings += map(of_problem, problems)
            if not candidates and unit.kind != "martyconf":
                findings.append(_empty(unit))
    known = {one.name for group in groups for one in group} | _known(config)
    # Without a file nobody has said yet what the plugins' sections are to be.
    configured = session.path is not None
    tries = [anyio.run(_tried, config, group, faults, configured) for group in groups]
    for plugins in tries:
        findings += of_plugins(plugins, known)
    findings += map(of_problem, config.warnings)
    rows = [
        # What it needs is not tried here, and is where it will run.
        {**row(one), "state": "starts"} if stands(one, plugins, known) else row(one)
        for plugins in tries
        for one in plugins.all
    ]
    return _answer(rows, findings)


async def _tried(
    config: ChassisConfig, candidates: list[Candidate], faults: Faults, configured: bool
) -> Plugins:
    kept, _ = settled(candidates, lambda _: None, Path())
    manager = PluginManager(config=config, faults=faults)
    return await tried(config, Found(tuple(kept)), manager, configured=configured)


def _read(unit: Unit, faults: Faults) -> tuple[tuple[Candidate, ...], tuple[Problem, ...]]:
    place = unit.read_from()
    if isinstance(place, Martyconf):
        conf = place.conf(faults)
        return conf.candidates, conf.problems
    return place.read(faults), ()


def _empty(unit: Unit) -> Finding:
    return Finding(
        "no-plugin",
        "error" if unit.asked else "warning",
        shown(unit.place),
        "there is no plugin in it",
        "Decorate a class with @plugin(name=...) or a function with @hookimpl; a file that helps"
        " others is called _*.",
    )


def _known(config: ChassisConfig) -> set[str]:
    """The names of plugins that the configuration has, without importing any."""
    found = {name for place in listing(config) for name in place.expected()}
    return found | set(BUNDLED) | set(config.plugins.sections)


def _answer(rows: Iterable[dict[str, Any]], findings: Iterable[Finding]) -> dict[str, Any]:
    return {"plugins": list(rows), "findings": [one.as_data() for one in findings]}
