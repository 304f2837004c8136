"""What only grows, over several processes and over what begins anew in one of them.

Prometheus takes a figure that has become less for one that began anew at nothing. In a sum of
several processes that would be wrong: nothing that has been counted may leave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from .families import GROWING, Family, Sample

Labels = tuple[tuple[str, str], ...]
Row = dict[tuple[str, Labels], float]
"""All figures that begin anew together: a counter, or a histogram with its buckets."""

_WITHIN: Final = frozenset({"le", "quantile"})
"""The labels that tell apart what is within a row."""


class Grown:
    """The growing figures of one process: none of them shrinks, and none is forgotten."""

    def __init__(self) -> None:
        self._first: dict[str, Family] = {}
        self._last: dict[str, dict[Labels, Row]] = {}
        self._before: dict[str, dict[Labels, Row]] = {}

    def take(self, families: Iterable[Family]) -> list[Family]:
        """Learn how they are now; give them with what was counted before, and those of before."""
        for family in families:
            if family.type in GROWING:
                first = self._first.setdefault(family.name, family)
                if first.type == family.type:
                    self._take(family)
        return [
            _family(first, [_sum([before.get(labels, {}), row]) for labels, row in rows.items()])
            for name, first in self._first.items()
            for before, rows in [(self._before.get(name, {}), self._last.get(name, {}))]
        ]

    def _take(self, family: Family) -> None:
        last = self._last.setdefault(family.name, {})
        before = self._before.setdefault(family.name, {})
        for labels, row in rows_of(family).items():
            known = last.get(labels, {})
            if known.keys() - row.keys():
                # With other buckets it cannot be gone on with.
                before.pop(labels, None)
            elif any(row[key] < value for key, value in known.items() if _counts(key)):
                before[labels] = _sum([before.get(labels, {}), known])
            last[labels] = row

    def __repr__(self) -> str:
        return f"<Grown: {', '.join(self._first) or 'nothing'}>"


def summed(families: Iterable[Family]) -> list[Family]:
    """Give one family for each name, its figures added up.

    Where types or buckets differ nothing can be added: the last one counts.
    """
    last: dict[str, Family] = {}
    rows: dict[str, dict[Labels, Row]] = {}
    for family in families:
        known = last.get(family.name)
        if known is None or known.type != family.type:
            rows[family.name] = {}
        last[family.name] = family
        into = rows[family.name]
        for labels, row in rows_of(family).items():
            so_far = into.get(labels, {})
            into[labels] = _sum([so_far, row]) if so_far.keys() == row.keys() else row
    return [_family(one, rows[name].values()) for name, one in last.items()]


def rows_of(family: Family) -> dict[Labels, Row]:
    """Give the figures by what tells the rows apart; quantiles, which cannot be added, are none."""
    found: dict[Labels, Row] = {}
    for sample in family.samples:
        if "quantile" in sample.labels:
            continue
        row = tuple(sorted((k, v) for k, v in sample.labels.items() if k not in _WITHIN))
        key = (sample.suffix, tuple(sorted(sample.labels.items())))
        found.setdefault(row, {})[key] = sample.value
    return found


def _counts(key: tuple[str, Labels]) -> bool:
    """Whether this one says when a row has begun anew; a sum may shrink by itself."""
    return key[0] in ("", "_count")


def _sum(rows: Iterable[Mapping[tuple[str, Labels], float]]) -> Row:
    total: Row = {}
    for row in rows:
        for key, value in row.items():
            total[key] = total.get(key, 0) + value
    return total


def _family(like: Family, rows: Iterable[Row]) -> Family:
    samples = (
        Sample(dict(labels), value, suffix)
        for row in rows
        for (suffix, labels), value in row.items()
    )
    return Family(like.name, like.type, like.help, tuple(samples))
