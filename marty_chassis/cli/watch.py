"""Watching files for whoever works on a service: wanted here, told to the service by environment."""

from __future__ import annotations

import os
from typing import Final

from marty_chassis.plugins.watching import check_watchfiles

VARIABLE: Final = "MARTY_PLUGINS__RELOAD__WATCH"


def want_watching() -> None:
    """Let the service watch, unless the environment says otherwise; before it is configured."""
    os.environ.setdefault(VARIABLE, "true")


def check_watching() -> None:
    """Raise `MissingExtra` where watchfiles is not installed, before anything starts."""
    check_watchfiles(f"watching files, as `marty dev` does unless {VARIABLE} is false,")
