"""What the options of one call of `marty` say, wherever on the line they stand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import click

    from marty_chassis.settings import ChassisConfig

DEFAULT_FILE: Final = "config.yaml"


class Code(IntEnum):
    """What `marty` exits with."""

    OK = 0
    """It did what was asked."""
    FAILED = 1
    """A check found something, or something went wrong."""
    USAGE = 2
    """The command line makes no sense."""
    NOT_STARTED = 3
    """A service did not start."""
    INTERRUPTED = 130
    """Ctrl-C."""


@dataclass
class Session:
    """One call of `marty`."""

    config: Path | None = None
    """The file that `--config` names."""
    verbose: int = 0
    quiet: bool = False
    failure: Code = Code.FAILED
    """What an error means for the exit code from now on."""
    brought: Mapping[str, click.Command] | None = None
    """The commands of plugins, once they have been asked."""

    @property
    def path(self) -> Path | None:
        """The configuration file: as named, by MARTY_CONFIG, or the one that lies here."""
        if self.config is not None:
            return self.config
        if named := os.environ.get("MARTY_CONFIG"):
            return Path(named)
        here = Path(DEFAULT_FILE)
        return here if here.is_file() else None

    def load(self) -> ChassisConfig:
        """Read the configuration, and warn of what is strange in it.

        Raises InvalidConfiguration.
        """
        from marty_chassis.settings import ChassisConfig

        from .talk import warn

        config = ChassisConfig.load(self.path)
        for problem in config.warnings:
            warn(str(problem), self)
        return config
