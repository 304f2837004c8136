"""`marty version`: what is running here, for a bug report."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from typing import Final

import click

from marty_chassis.cli.options import json_option
from marty_chassis.cli.talk import as_json, data, table
from marty_chassis.version import __version__
from marty_hookspecs import __version__ as contract

_MATTER: Final = ("pluggy", "anyio", "pydantic", "starlette", "fastapi", "uvicorn", "click")


@click.command(short_help="Print the versions that matter.")
@json_option
def version(as_data: bool) -> None:
    """Print the versions of the chassis, of its contract with plugins, and of what it stands on."""
    found = {
        "marty-chassis": __version__,
        "contract": contract,
        "python": platform.python_version(),
        **{name: _installed(name) for name in _MATTER},
    }
    if as_data:
        as_json(found)
    else:
        data(table(("what", "version"), [(k, v or "not installed") for k, v in found.items()]))


def _installed(name: str) -> str | None:
    try:
        return installed(name)
    except PackageNotFoundError:
        return None
