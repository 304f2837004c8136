"""Figures of many plugins as families: one name, one type, a `plugin` label."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from .families import Family, MetricType, Sample
from .figures import Figures

Refuse = Callable[[str, str], None]
"""Takes a plugin and why a figure of it is not shown."""

_FOREIGN = re.compile(r"[^a-zA-Z0-9_]")


def merged(plugins: Sequence[Figures], taken: Iterable[Family], refuse: Refuse) -> list[Family]:
    """Give a family for each name, beside those that are taken.

    A figure that one plugin describes and another does not is what the description says. What does
    not fit the first plugin's type, or stands where another figure stands, is refused.
    """
    described = _described(plugins)
    drafts: dict[str, _Draft] = {}
    claimed = {name for family in taken for name in _names(family.name, family.type)}
    for figures in plugins:
        for name, value in figures.values.items():
            own = figures.definitions.get(name)
            type = own.type if own else described.get(sanitised(name), "gauge")
            shown = exposed(name, type)
            draft = drafts.get(shown)
            if draft is None and claimed.isdisjoint(_names(shown, type)):
                draft = drafts[shown] = _Draft(type)
                claimed.update(_names(shown, type))
            if draft is None or draft.type != type:
                refuse(figures.plugin, f"{name} as a {type}: {shown} is something else already")
            elif figures.plugin in draft.values:
                refuse(figures.plugin, f"{name}: two figures are called {shown}")
            else:
                draft.values[figures.plugin] = value
                draft.help = draft.help or (own.description if own else "")
    return [draft.family(name) for name, draft in sorted(drafts.items())]


def sanitised(name: str) -> str:
    """Give the name with letters, digits and underscores alone, as Prometheus wants it."""
    clean = _FOREIGN.sub("_", name)
    return f"_{clean}" if clean[0].isdigit() else clean


def exposed(name: str, type: MetricType) -> str:
    """Give the name that a figure has in the exposition."""
    clean = sanitised(name)
    return f"{clean.removesuffix('_total')}_total" if type == "counter" else clean


@dataclass(slots=True)
class _Draft:
    type: MetricType
    help: str = ""
    values: dict[str, float] = field(default_factory=dict)

    def family(self, name: str) -> Family:
        return Family(
            name,
            self.type,
            self.help or f"{name}, which no plugin describes.",
            tuple(Sample({"plugin": plugin}, value) for plugin, value in self.values.items()),
        )


def _described(plugins: Iterable[Figures]) -> dict[str, MetricType]:
    found: dict[str, MetricType] = {}
    for figures in plugins:
        for name, definition in figures.definitions.items():
            found.setdefault(sanitised(name), definition.type)
    return found


def _names(name: str, type: MetricType) -> set[str]:
    """What a family occupies: OpenMetrics knows a counter without its `_total`."""
    return {name, name.removesuffix("_total")} if type == "counter" else {name}
