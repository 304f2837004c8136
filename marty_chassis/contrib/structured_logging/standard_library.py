"""Records of Python's `logging`, handed on to loguru where nobody has done so already."""

from __future__ import annotations

import logging

from marty_chassis.web.records import ToLoguru

from .levels import number

_ROOTS = ("", "uvicorn", "uvicorn.access")
"""Where records end up: at the root, and with uvicorn's own, which keep theirs to themselves."""


class StandardLibrary:
    """What was added to loggers, so that it can be taken away.

    Handlers of others stay, and say what they say: under `marty` and `serve` there are none.
    """

    def __init__(self) -> None:
        self._handler = ToLoguru()
        self._level: int | None = None
        """The root's, before it was changed."""

    def hand_on(self, level: str | None) -> None:
        """Hand on from this level on; None takes all of it back."""
        if level is None:
            self.leave()
            return
        for name in _ROOTS:
            source = logging.getLogger(name)
            if not _handed_on(source):
                source.addHandler(self._handler)
        root = logging.getLogger()
        # A lower level would let handlers of others say more than they were meant to.
        if root.handlers == [self._handler]:
            if self._level is None:
                self._level = root.level
            root.setLevel(number(level))

    def leave(self) -> None:
        """Take it all back."""
        for name in _ROOTS:
            logging.getLogger(name).removeHandler(self._handler)
        if self._level is not None:
            logging.getLogger().setLevel(self._level)
            self._level = None

    def __repr__(self) -> str:
        return "<StandardLibrary>"


def _handed_on(source: logging.Logger) -> bool:
    """Whether a record given to a logger comes to loguru."""
    one: logging.Logger | None = source
    while one is not None:
        if any(_hands_on(handler) for handler in one.handlers):
            return True
        one = one.parent if one.propagate else None
    return False


def _hands_on(handler: logging.Handler) -> bool:
    # The second is what the documentation of loguru teaches everybody to write for themselves.
    return isinstance(handler, ToLoguru) or type(handler).__name__ == "InterceptHandler"
