"""What must not have happened: read from what the load saw, the replies, and the plugins' log."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .files import PLUGINS
from .load import Row
from .reloading import Reply


@dataclass
class Verdict:
    """Each list is empty when all is well; a few words about each case when it is not."""

    failed: list[str] = field(default_factory=list)
    """Requests without a whole answer of 200."""
    mixed: list[str] = field(default_factory=list)
    """Requests served by two runs of one plugin, by a dependent of another run, or by plugins that
    were never the current ones at one time."""
    stale: list[str] = field(default_factory=list)
    """Requests begun after the reply, and served by an earlier generation."""
    unsound: list[str] = field(default_factory=list)
    """Requests served by a generation whose file was broken."""
    stopped_wrongly: list[str] = field(default_factory=list)
    """Runs that were not stopped exactly once, or before their last request had ended."""
    misreported: list[str] = field(default_factory=list)
    """Replies that do not say what became of the reload."""

    @property
    def counts(self) -> dict[str, int]:
        """How many of each."""
        return {name: len(cases) for name, cases in vars(self).items()}

    @property
    def examples(self) -> list[str]:
        """The first cases of each."""
        return [f"{name}: {case}" for name, cases in vars(self).items() for case in cases[:3]]


def verdict(rows: list[Row], replies: list[Reply], log: Path) -> Verdict:
    """Judge a whole run, after the service has stopped."""
    found = Verdict()
    _judge_replies(replies, found)
    _judge_rows(rows, replies, found)
    _judge_log(log, found)
    return found


def _judge_replies(replies: list[Reply], found: Verdict) -> None:
    for one in replies:
        if one.taken is not (one.broken is None):
            found.misreported.append(
                f"{one.plugin} {one.generation}, broken: {one.broken}: {one.status} {one.answer}"
            )


def _judge_rows(rows: list[Row], replies: list[Reply], found: Verdict) -> None:
    broken = {(one.plugin, one.generation) for one in replies if one.broken}
    swaps = sorted((one for one in replies if one.taken), key=lambda one: one.answered)
    together = _together(swaps)
    newest: dict[str, int] = {}
    waiting = iter(swaps)
    upcoming = next(waiting, None)
    for path, began, ended, served, failed, unfit in sorted(rows, key=lambda row: row[1]):
        while upcoming is not None and upcoming.answered < began:
            newest[upcoming.plugin] = upcoming.generation
            upcoming = next(waiting, None)
        where = f"{path} from {began:.3f} to {ended:.3f}"
        if failed:
            found.failed.append(f"{where}: {failed}")
            continue
        if unfit or tuple(sorted(served.items())) not in together:
            found.mixed.append(f"{where}: {unfit or served}")
        for plugin, generation in served.items():
            if generation < newest.get(plugin, 0):
                found.stale.append(f"{where}: {plugin} {generation}, not {newest[plugin]}")
            if (plugin, generation) in broken:
                found.unsound.append(f"{where}: {plugin} {generation}")


def _together(swaps: list[Reply]) -> set[tuple[tuple[str, int], ...]]:
    """Which generations were the current ones at one time."""
    current = dict.fromkeys(PLUGINS, 0)
    states = [dict(current)]
    for one in swaps:
        current[one.plugin] = one.generation
        states.append(dict(current))
    return {tuple(sorted(state.items())) for state in states}


def _judge_log(log: Path, found: Verdict) -> None:
    made: set[tuple[str, str]] = set()
    stops: Counter[tuple[str, str]] = Counter()
    for line in log.read_text().splitlines():
        what, plugin, run, inside, served, at = json.loads(line)
        if what == "made":
            made.add((plugin, run))
        elif what == "stopped":
            stops[plugin, run] += 1
            if inside:
                found.stopped_wrongly.append(f"{plugin} {run} while {inside} requests were inside")
        else:
            found.stopped_wrongly.append(f"{plugin} {run}: {what} at {at:.3f}, after {served}")
    found.stopped_wrongly += [
        f"{plugin} {run} was stopped {stops[plugin, run]} times"
        for plugin, run in made | stops.keys()
        if stops[plugin, run] != 1
    ]
