"""Filters of warnings."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from .difference import Difference
from .sources import Sources

_ADD = ("simplefilter", "filterwarnings", "resetwarnings")


def look() -> tuple[object, ...]:
    """Every filter."""
    return tuple(warnings.filters)


def left(before: tuple[object, ...], sources: Sources) -> Iterator[Difference]:
    """Whether the plugin has changed them."""
    now = look()
    if now == before or (where := sources.call(_ADD)) is None:
        return
    yield Difference(
        "filter",
        "",
        "the filters of warnings were changed",
        where,
        "They are everybody's: put the call into `with warnings.catch_warnings():`.",
        named=True,
    )
