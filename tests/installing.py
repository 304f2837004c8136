"""This checkout as somebody else gets it: built, and installed by pip into a fresh environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from marty_chassis.version import __version__

ROOT = Path(__file__).parent.parent
_OURS = ("COV", "MARTY_", "PYTEST_", "PYTHON", "TOX_", "VIRTUAL_ENV")
"""Variables that belong to this run of the tests."""


def fresh_environment(folder: Path) -> dict[str, str]:
    """Give variables with which `python` is this interpreter, and pip finds this checkout.

    The folder, which must be empty, gets what they refer to. Everything else that pip is asked for
    comes from where it is configured to look.
    """
    wheels, programs = folder / "wheels", folder / "bin"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert run.returncode == 0, run.stderr
    programs.mkdir()
    python = programs / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    # Were this version ever published, pip would still take the wheel that lies in a folder.
    constraint = folder / "constraint.txt"
    constraint.write_text(f"marty-chassis=={__version__}\n")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PIP_FIND_LINKS": f"{os.environ.get('PIP_FIND_LINKS', '')} {wheels.as_uri()}".strip(),
        "PIP_CONSTRAINT": str(constraint),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
