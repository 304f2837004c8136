"""All variants of one table in one process, alternating, so that a noisy neighbour meets them all.

The ratio of a variant is the median over rounds of its time divided by the baseline's time in the
same round: absolute times move up to twofold with the neighbours on a shared machine, these do not.
"""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter

Once = Callable[[int], Awaitable[None]]
"""Does the work so many times."""


@dataclass(frozen=True)
class Measured:
    """One variant in one table."""

    name: str
    best: float
    """Seconds of one piece of work, the quickest round."""
    ratio: float
    low: float
    high: float
    """Quartiles of the per-round ratios."""

    def __str__(self) -> str:
        micro = self.best * 1e6
        return f"{self.name:<46}{micro:>10.3f} us{self.ratio:>9.2f}x   [{self.low:.2f}, {self.high:.2f}]"


async def alternate(
    variants: Mapping[str, Once], *, rounds: int = 31, slice_seconds: float = 0.005
) -> list[Measured]:
    """Time every variant; the first one is the baseline."""
    counts = {name: await _count(once, slice_seconds) for name, once in variants.items()}
    times: dict[str, list[float]] = {name: [] for name in variants}
    names = list(variants)
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            for name in names if number % 2 == 0 else reversed(names):
                began = perf_counter()
                await variants[name](counts[name])
                times[name].append((perf_counter() - began) / counts[name])
            gc.collect()
    finally:
        gc.enable()
    baseline = times[names[0]]
    return [_measured(name, times[name], baseline) for name in names]


def _measured(name: str, times: list[float], baseline: list[float]) -> Measured:
    ratios = [mine / base for mine, base in zip(times, baseline, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    return Measured(name, min(times), median(ratios), low, high)


async def _count(once: Once, seconds: float) -> int:
    # The first ones import, compile and build; timed, they would make every slice too short.
    await once(20)
    count = 1
    while True:
        began = perf_counter()
        await once(count)
        spent = perf_counter() - began
        if spent >= seconds / 4:
            return max(1, round(count * seconds / spent))
        count *= 4
