"""A benchmark in a process of its own, as people run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def benchmark(name: str, *arguments: str) -> str:
    """Run it; what it printed when it says that all is well."""
    # Behind everything else, so that what is installed is what is measured.
    paths = os.pathsep.join([*filter(None, sys.path), str(ROOT)])
    run = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout
