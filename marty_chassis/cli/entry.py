"""Where `marty` begins: click is an extra, and who lacks it is told so."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from marty_chassis.errors import MissingExtra


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run `marty` with these arguments, those of the process if not given, and exit."""
    try:
        import click  # noqa: F401  # asked for here, so that the answer is a sentence
    except ImportError:
        sys.stderr.write(f"marty: {MissingExtra('the command `marty`', 'click', 'cli')}\n")
        raise SystemExit(1) from None
    from .root import marty

    marty.main(args, prog_name="marty")
    raise SystemExit(0)
