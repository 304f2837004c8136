"""A thousand reloads under load: nothing fails, nothing is mixed, nothing is late.

Run it:  python -m benchmarks.reload_under_load [--reloads 1000]
Prints:  what was counted beside the targets, then the times.

A uvicorn in one process, eight connections of quick requests and eight of slow ones and of streams
in a second, and here the edits and the POSTs. Reloaded in turn: a middleware plugin with its
dependent, the dependent, a plugin with routes, and one that wraps the application in ASGI
middleware. Stretches with reloads alternate with stretches without, which the times are compared
to. The duration is taken once more with 100 other plugins, without load.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from time import monotonic, sleep

from .load import QUICK, Row
from .reloading import Reply, Scene, serving
from .verdict import Verdict, verdict

Stretch = tuple[float, float]


@dataclass(frozen=True)
class Outcome:
    """One run under load."""

    rows: list[Row]
    replies: list[Reply]
    quiet: list[Stretch]
    busy: list[Stretch]
    verdict: Verdict

    def p99(self, stretches: list[Stretch]) -> list[float]:
        """Milliseconds of quick requests in each stretch."""
        return [_p99(self._times(begin, end)) for begin, end in stretches]

    @property
    def ratios(self) -> list[float]:
        """p99 while reloading over that of the quiet stretch before."""
        return [
            busy / quiet
            for busy, quiet in zip(self.p99(self.busy), self.p99(self.quiet), strict=True)
        ]

    def _times(self, begin: float, end: float) -> list[float]:
        return [
            (row[2] - row[1]) * 1000
            for row in self.rows
            if row[0] in QUICK and begin < row[1] < end
        ]


def under_load(reloads: int, *, every: float = 0.1, stretches: int = 5) -> Outcome:
    """Reload so many times while the load lasts."""
    with tempfile.TemporaryDirectory(prefix="marty-reload-") as folder:
        with serving(Path(folder)) as scene:
            scene.every = every
            quiet, busy = _stretches(scene, reloads, stretches)
        rows: list[Row] = json.loads(scene.rows.read_text())
        found = verdict(rows, scene.replies, scene.log)
    return Outcome(rows, scene.replies, quiet, busy, found)


def _stretches(scene: Scene, reloads: int, count: int) -> tuple[list[Stretch], list[Stretch]]:
    quiet, busy = [], []
    each = [reloads // count + (number < reloads % count) for number in range(count)]
    with scene.loaded():
        sleep(1)  # Until all connections are open and warm.
        for reloads_now in each:
            began = monotonic()
            sleep(reloads_now * scene.every)
            quiet.append((began, monotonic()))
            began = monotonic()
            scene.reload(reloads_now)
            busy.append((began, monotonic()))
    return quiet, busy


def beside(plugins: int, reloads: int) -> list[Reply]:
    """Reload so many times in a service with so many other plugins and nothing else to do."""
    with (
        tempfile.TemporaryDirectory(prefix="marty-reload-") as folder,
        serving(Path(folder), beside=plugins) as scene,
    ):
        scene.reload(reloads)
        return scene.replies


def main() -> None:
    """Measure, then compare with what was promised."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--reloads", type=int, default=1000)
    parser.add_argument("--every", type=float, default=0.1, help="seconds between two of them")
    asked = parser.parse_args()
    print(f"Python {platform.python_version()}, {asked.reloads} reloads", flush=True)
    outcome = under_load(asked.reloads, every=asked.every)
    alone, with_100 = (beside(number, min(200, asked.reloads)) for number in (0, 100))
    _print(outcome, alone, with_100)
    sys.exit(any(outcome.verdict.counts.values()))


def _print(outcome: Outcome, alone: list[Reply], with_100: list[Reply]) -> None:
    lasting = sum(row[0] not in QUICK for row in outcome.rows)
    cascades = sum(len(one.answer.get("cascade", ())) for one in outcome.replies)
    broken = sum(one.broken is not None for one in outcome.replies)
    print(
        f"{len(outcome.rows)} requests, {lasting} of them slow or streams;"
        f" {len(outcome.replies)} reloads, {cascades} dependents with them, {broken} broken files\n"
    )
    for name, number in outcome.verdict.counts.items():
        print(f"  {name.replace('_', ' '):<46}{number:>8}   0        {_mark(number == 0)}")
    ratio = median(outcome.ratios)
    quiet, busy = median(outcome.p99(outcome.quiet)), median(outcome.p99(outcome.busy))
    print(f"  {'p99 while reloading / quiet':<46}{ratio:>8.2f}   <= 2     {_mark(ratio <= 2)}")
    print(f"  {'p99 quiet, while reloading, ms':<46}{quiet:>8.2f}{busy:>8.2f}")
    for name, replies, limit in (
        ("under load", outcome.replies, None),
        ("without load", alone, None),
        ("without load, 100 plugins beside", with_100, 10.0),
    ):
        times = [one.answer["duration_ms"] for one in replies if one.taken]
        there = [(one.answered - one.asked) * 1000 for one in replies if one.taken]
        goal = "" if limit is None else f"   < {limit:g}     {_mark(median(times) < limit)}"
        words = f"reload {name}, ms: median, p99"
        print(f"  {words:<46}{median(times):>8.2f}{_p99(times):>8.2f}{goal}")
        print(f"  {'  the whole POST':<46}{median(there):>8.2f}{_p99(there):>8.2f}")
    for example in outcome.verdict.examples:
        print(example)


def _p99(times: list[float]) -> float:
    return quantiles(times, n=100)[98] if len(times) > 1 else times[0]


def _mark(well: bool) -> str:
    return "yes" if well else "NO"


if __name__ == "__main__":
    main()
