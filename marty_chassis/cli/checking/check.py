"""One check: the sources are looked at, the plugins are tried, and both are told as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from marty_chassis.cli.session import Session

from .apart import Tried, try_configuration, try_units
from .declarations import declared
from .finding import Finding
from .ignores import kept
from .report import Report
from .rules import RULES
from .static import Looked, look
from .targets import of_configuration, of_word
from .unit import Unit


def check(
    session: Session, words: Sequence[str], *, run: bool, seconds: float
) -> tuple[Report, str]:
    """Check what is named, or every plugin of the configuration; give what plugins printed, too.

    run: whether they are imported and made, each unit within so many seconds.
    Raises NoSuchTarget, CannotTry and InvalidConfiguration.
    """
    by_place: dict[object, Unit] = {}
    findings: list[Finding] = []
    for one in _named(session, words):
        if isinstance(one, Finding):
            findings.append(one)
        else:  # Named twice, it is one.
            by_place.setdefault(one.place or one.files, one)
    units = list(by_place.values())
    looked = look(units)
    tried = Tried()
    if run:
        attempt = try_units if words else try_configuration
        tried = attempt(session, units, seconds)
    findings += [*looked.findings, *_new(_located(tried.findings, looked), looked)]
    told = list(kept(dict.fromkeys(findings), looked.sources.values(), run=run))
    plugins = _would_start(tried.plugins, told) if run else None
    return Report(told, looked.files, plugins), tried.said


def _would_start(
    rows: Iterable[Mapping[str, Any]], told: Iterable[Finding]
) -> tuple[Mapping[str, Any], ...]:
    """Correct the listing by what is read only when a plugin starts, such as its subscriptions."""
    wrong = {
        one.plugin: f"{one.message}. {one.hint}"
        for one in told
        if one.plugin and one.severity == "error" and RULES[one.rule].depth == "source"
    }
    return tuple(
        {**row, "state": "error", "problem": wrong[row["name"]]}
        if row["state"] == "starts" and row["name"] in wrong
        else row
        for row in rows
    )


def _named(session: Session, words: Sequence[str]) -> Iterable[Unit | Finding]:
    if not words:
        return of_configuration(session.load())
    return (found for word in words for found in of_word(word))


def _located(findings: Iterable[Finding], looked: Looked) -> Iterator[Finding]:
    """Give each finding about a plugin the place of its `@plugin(...)`, where it has none."""
    places = {
        (source.path, said.name): said.call
        for source in looked.sources.values()
        for said in declared(source)
    }
    by_path = {source.path: source for source in looked.sources.values()}
    for one in findings:
        call = places.get((one.path, one.plugin or ""))
        if one.line is None and call is not None:
            place = by_path[one.path].finding(one.rule, call, "")
            yield replace(one, line=place.line, column=place.column)
        else:
            yield one


def _new(findings: Iterable[Finding], looked: Looked) -> Iterator[Finding]:
    """Those that the source has not shown already, in the same words or at the same place."""
    said = {(one.path, one.message) for one in looked.findings}
    rules = {(one.path, one.rule) for one in looked.findings}
    places = {(one.path, one.line) for one in looked.findings if _fails_the_import(one)}
    broken = {one.path for one in looked.findings if one.rule in ("syntax", "unreadable")}
    for one in findings:
        if (one.path, one.message) in said:
            continue
        if one.path in broken and one.rule in _OF_BROKEN_FILES:
            continue
        if one.rule in _SEEN_IN_THE_SOURCE and (one.path, one.rule) in rules:
            continue
        if one.rule == "import" and (one.path, one.line) in places:
            continue
        if one.rule == "no-plugin" and (one.path, "not-decorated") in rules:
            continue
        yield one


def _fails_the_import(one: Finding) -> bool:
    return one.severity == "error" and one.rule in ("bad-metadata", "not-decorated")


_OF_BROKEN_FILES = frozenset({"syntax", "import", "unusable", "no-plugin"})
_SEEN_IN_THE_SOURCE = frozenset({"unknown-hook", "wrong-arguments", "name-clash"})
