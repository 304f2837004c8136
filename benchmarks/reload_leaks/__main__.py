"""What a thousand reloads leave behind, for three kinds of plugins; and who holds what leaks.

Run it:  python -m benchmarks.reload_leaks [--reloads 1000]
Prints:  for each kind what is alive, which tables are longer and how much memory has grown, beside
         the targets; then four plugins that leak on purpose, and whom `?diagnose=leaks` names.

Each kind has a process of its own. Between two reloads there are requests, through the plugin and
to the management API. Memory is looked at nine times, each time after the garbage collector.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from typing import Any

from .files import CLEAN, LEAKS

KIBIBYTES = 2.0
"""Resident memory that one reload may cost."""


def measured(kind: str, reloads: int) -> dict[str, Any]:
    """One kind in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.reload_leaks.measuring", kind, str(reloads)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def main() -> None:
    """Measure, then compare with what was promised."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--reloads", type=int, default=1000)
    reloads: int = parser.parse_args().reloads
    print(f"Python {platform.python_version()}, {reloads} reloads of each", flush=True)
    clean = [_reported(kind, reloads) for kind in CLEAN]
    named = [_named(kind) for kind in LEAKS]
    sys.exit(not (all(clean) and all(named)))


def _reported(kind: str, reloads: int) -> bool:
    found = measured(kind, reloads)
    grown = found["bytes"] / 1024
    print(f"\n{kind}")
    for name, what in (("alive after gc", found["alive"]), ("longer tables", found["longer"])):
        words = ", ".join(f"{number} {kind}" for kind, number in what.items()) or "nothing"
        print(f"  {name:<40}{words:>12}   nothing   {_mark(not what)}")
    print(
        f"  {'memory grown by a reload, KiB':<40}{grown:>12.2f}   <= {KIBIBYTES:g}"
        f"      {_mark(grown <= KIBIBYTES)}"
    )
    print(f"  {'blocks of Python by a reload':<40}{found['blocks']:>12.2f}", flush=True)
    return not (found["alive"] or found["longer"])


def _named(kind: str) -> bool:
    found = measured(kind, 3)
    print(f"\n{kind}, on purpose: {', '.join(sorted(found['alive']))} alive")
    for held in found["leaks"]:
        print(f"  generation {held['generation']}, {held['what']}: {'; '.join(held['holders'])}")
    return bool(found["alive"] and found["leaks"])


def _mark(well: bool) -> str:
    return "yes" if well else "NO"


if __name__ == "__main__":
    main()
