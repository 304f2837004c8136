"""From what became of a plugin when it was tried to findings, each with its place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from marty_chassis import errors
from marty_chassis.boundary import Fault, Phase
from marty_chassis.cli.loading import Plugin, Plugins
from marty_chassis.discovery.attempt import advice
from marty_chassis.errors import Problem
from marty_chassis.lifecycle.census.libraries import is_library
from marty_chassis.lifecycle.order import Need

from .ending import FRAME
from .finding import Finding, Severity, parted, shown
from .rules import RULES

_PLACE: Final = re.compile(r"(?P<path>.+?\.\w+):(?P<line>\d+)(?::(?P<column>\d+))?")
_NAMED: Final = re.compile(r" at (.+?):(\d+)(?: |,|$)")
_SAID_TWICE: Final = re.compile(r" \([^()]*, line \d+\)$")
_CONTRACT: Final = {"UnknownHook": "unknown-hook", "WrongArguments": "wrong-arguments"}
_SYNTAX: Final = frozenset({"SyntaxError", "IndentationError", "TabError"})
_PHASES: Final = {
    Phase.IMPORT: ("import", ""),
    Phase.CONSTRUCT: (
        "construct",
        "Make it without arguments, and leave what may fail to initialize.",
    ),
    Phase.CONFIGURE: (
        "bad-model",
        "Give a pydantic model as config_schema, a dataclass or a typed dictionary.",
    ),
    Phase.INITIALIZE: ("registration", "Mend it there."),
}


def of_problem(problem: Problem) -> Finding:
    """Give what is wrong with the configuration, or with a place where plugins are looked for."""
    found = _PLACE.fullmatch(problem.place)
    path, line, column = found.groups() if found else (problem.place, None, None)
    empty = problem.message == "there is no plugin in it"
    return Finding(
        "no-plugin" if empty else "configuration",
        problem.severity,
        shown(path) if Path(path).exists() else path,
        f"{problem.path}: {problem.message}".removeprefix(": "),
        problem.hint,
        int(line) if line else None,
        int(column) if column else None,
    )


def of_plugins(plugins: Plugins, known: Collection[str] | None = None) -> Iterator[Finding]:
    """Give what is wrong with plugins that were tried together.

    known: names of plugins that are not among them, and may be where these will run; without it
    these are all there are.
    """
    for one in plugins.all:
        if one.problems and one.outlook == "error":
            yield from map(of_problem, one.problems)
        elif one.outlook == "error":
            same = [other for other in plugins.all if other.name == one.name]
            yield _failed(one, one.fault) if one.fault else _refused(one, clash=len(same) > 1)
        elif one.outlook == "blocked":
            yield from _blocked(one, plugins, known)


def _refused(one: Plugin, *, clash: bool) -> Finding:
    said = one.reason.removeprefix(f"{one.candidate.source}: ")
    return _finding("name-clash" if clash else "unusable", one, *parted(said))


def _failed(one: Plugin, fault: Fault) -> Finding:
    said = _SAID_TWICE.sub("", " ".join(fault.message.split())).rstrip(".")
    place = _place(one, fault)
    if fault.kind in _SYNTAX:
        return _finding("syntax", one, said, "Mend it there.", place)
    rule, hint = _PHASES.get(fault.phase, _PHASES[Phase.INITIALIZE])
    if fault.kind in errors.__all__:  # Our own sentences say what to do.
        return _finding(_CONTRACT.get(fault.kind, rule), one, *parted(said), place)
    if rule == "bad-model" and fault.kind.startswith("Pydantic"):
        schema = one.candidate.metadata.config_schema
        said = f"pydantic can make nothing of {getattr(schema, '__qualname__', schema)}"
    else:
        said = f"{fault.kind}: {said}" if said else fault.kind
    if rule == "bad-model" and place[1] is not None:
        said = f"the model's own code raised {said}"
        hint = "Raise ValueError for what it refuses: then the check says which key is wrong."
    return _finding(rule, one, said, hint or _advice(one, fault), place)


def _advice(one: Plugin, fault: Fault) -> str:
    folder = Path(one.candidate.source.place).parent
    said = advice(fault, folder if one.candidate.source.kind == "folder" else None)
    return "Mend it there." if said.startswith("Mend it") else said


def _blocked(one: Plugin, plugins: Plugins, known: Collection[str] | None) -> Iterator[Finding]:
    cycle = plugins.order.cycles.get(one.name)
    if cycle is not None:
        path = " → ".join(cycle.path)
        yield _finding("dependency", one, f"plugins wait for each other: {path}", "Break the ring.")
        return
    for need in _unmet(one, plugins, known):
        if need.met_by:
            said, hint = f"it needs {need.written!r}, which would not start", "Mend that one."
        else:
            said, hint = f"it needs {need}", "Install it, or take the dependency out."
        if known is None:
            yield _finding("dependency", one, said, hint)
        else:
            hint = f"{hint} Where a service has it, `marty plugins check` without a path says so."
            yield _finding("dependency", one, said, hint, severity="warning")


def _unmet(one: Plugin, plugins: Plugins, known: Collection[str] | None) -> list[Need]:
    """What of its needs nobody meets, as far as anybody can know."""
    return [
        need
        for need in plugins.order.needs.get(one.name, ())
        if not need.optional
        and not any(stands(plugins.plugins[other], plugins, known) for other in need.met_by)
        and (need.met_by or need.unfit or known is None or need.name not in known)
    ]


def stands(one: Plugin, plugins: Plugins, known: Collection[str] | None) -> bool:
    """Whether it would start where the known plugins are, too."""
    if one.outlook == "blocked" and one.name not in plugins.order.cycles:
        return not _unmet(one, plugins, known)
    return one.outlook == "starts"


def _finding(
    rule: str,
    one: Plugin,
    message: str,
    hint: str = "",
    place: tuple[str, int | None] | None = None,
    severity: Severity | None = None,
) -> Finding:
    path, line = place or _of_source(one)
    severity = severity or RULES[rule].severity
    return Finding(rule, severity, path, message, hint, line, plugin=one.name)


def _of_source(one: Plugin) -> tuple[str, None]:
    source, files = one.candidate.source, one.candidate.files
    if source.kind in ("folder", "martyconf"):
        return shown(source.place), None
    return (shown(files[0]) if files else str(source)), None


def _place(one: Plugin, fault: Fault) -> tuple[str, int | None]:
    """The last line of the plugin's own that the traceback or the message names."""
    frames = [*_NAMED.findall(fault.message), *FRAME.findall(fault.traceback)]
    own = [(path, line) for path, line in frames if path in one.candidate.files]
    near = [(path, line) for path, line in frames if not is_library(path)]
    if not (own or near):
        return _of_source(one)
    path, line = (own or near)[-1]
    return shown(path), int(line)
