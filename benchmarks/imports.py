"""What every plugin's file imports, beside pluggy and loguru alone: CPU time of whole processes.

Run it:  python -m benchmarks.imports
Prints:  one table, then the target and whether it was reached.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from statistics import median, quantiles

from benchmarks.alternating import Measured

ROUNDS = 15
VARIANTS = {
    "import pluggy, loguru": "import pluggy, loguru",
    "from marty_chassis.plugins import IPlugin, plugin": (
        "from marty_chassis.plugins import IPlugin, plugin"
    ),
    "from marty_hookspecs import hookimpl": "from marty_hookspecs import hookimpl",
    "from marty_chassis import ChassisConfig": "from marty_chassis import ChassisConfig",
    "from marty_chassis import create_app": "from marty_chassis import create_app",
}


def main() -> None:
    """Print the table."""
    times: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for number in range(ROUNDS + 1):
        for name in list(VARIANTS) if number % 2 else reversed(VARIANTS):
            spent = _cpu(VARIANTS[name])
            if number:  # The first round writes the bytecode.
                times[name].append(spent)
    (baseline, *_) = times.values()
    table = [_measured(name, found, baseline) for name, found in times.items()]
    print("importing, CPU of a whole process", *table, "", sep="\n")
    ratio = table[1].ratio
    verdict = "reached" if ratio <= 1.2 else "MISSED"
    print(
        f"{'G16 a plugin file imports, vs pluggy and loguru':<46}{ratio:>9.2f}x  <= 1.2x  {verdict}"
    )


def _cpu(code: str) -> float:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def _measured(name: str, times: list[float], baseline: list[float]) -> Measured:
    ratios = [mine / base for mine, base in zip(times, baseline, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    return Measured(name, min(times), median(ratios), low, high)


if __name__ == "__main__":
    main()
