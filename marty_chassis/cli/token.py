"""A token for whoever has just started a service: made here, given to it by the environment."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from .talk import interactive

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig

VARIABLE: Final = "MARTY_MANAGEMENT__TOKEN"


@dataclass(frozen=True, slots=True)
class OperatorToken:
    """The token of this run, and whether it may be shown."""

    text: str | None = field(repr=False)
    """None where the operator has configured one, which we never show."""
    shown: bool

    @property
    def header(self) -> str:
        """The header of a request, for a shell."""
        token = self.text if self.text is not None and self.shown else f"${VARIABLE}"
        return f'-H "Authorization: Bearer {token}"'

    @property
    def remark(self) -> str:
        """Where the token is to be had; nothing where it is in the lines already."""
        if self.text is None:
            return f"The token is the one that you configured; here it is called ${VARIABLE}."
        if self.shown:
            return ""
        return (
            "The token was made for this run, and is not shown because stderr is no terminal."
            f" Show it with --show-token, or set {VARIABLE} yourself beforehand."
        )


def hand_over(config: ChassisConfig, *, show: bool) -> OperatorToken:
    """Make a token, unless there is one, and put it where the service reads its configuration."""
    if config.management.token:
        return OperatorToken(None, shown=False)
    text = secrets.token_urlsafe(24)
    os.environ[VARIABLE] = text
    return OperatorToken(text, shown=show or interactive())
