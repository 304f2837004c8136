"""The libraries that bundled plugins need, each brought by an extra."""

from __future__ import annotations

from importlib.util import find_spec

from marty_chassis.errors import MissingExtra


def needs(what: str, module: str, extra: str, package: str | None = None) -> None:
    """Raise `MissingExtra`, which says what to install, where a module is not to be had."""
    if find_spec(module) is None:
        raise MissingExtra(what, package or module, extra)
