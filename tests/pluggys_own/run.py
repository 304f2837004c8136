"""Run pluggy's own test suite against our manager, in the version that is installed.

Run it:  tox -e pluggy     (it fetches pluggy's source release, so it is no part of the test run)
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pluggy

HERE = Path(__file__).parent


def main() -> int:
    """Give pytest's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        wanted = f"pluggy=={pluggy.__version__}"
        fetch = ["download", "--quiet", "--no-deps", "--no-binary", "pluggy", wanted]
        subprocess.run([sys.executable, "-m", "pip", *fetch], cwd=here, check=True)
        (archive,) = here.glob("pluggy-*.tar.gz")
        with tarfile.open(archive) as opened:
            opened.extractall(here, filter="data")
        (source,) = (path for path in here.glob("pluggy-*") if path.is_dir())
        options = ["-q", "-p", "ours_in_its_place", "-p", "no:cacheprovider", "--pyargs"]
        ignored = ["--ignore", "testing/benchmark.py"]  # Needs pytest-benchmark, and tests nothing.
        return subprocess.run(
            [sys.executable, "-m", "pytest", *options, *ignored, *sys.argv[1:], "testing"],
            cwd=source,
            env={**_environment(), "PYTHONPATH": str(HERE)},
        ).returncode


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k not in ("PYTEST_ADDOPTS", "PYTHONSAFEPATH")}


if __name__ == "__main__":
    sys.exit(main())
