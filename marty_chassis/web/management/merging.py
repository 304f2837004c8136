"""Figures of many plugins as families: one name, one type, a `plugin` label."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from .families import Family, MetricType, Sample, shown
from .figures import Figures

Refuse = Callable[[str, str], None]
"""Takes a plugin and why a figure of it is not shown."""

APPLICATION = "(application)"
"""Who has what the service registers itself; no plugin can have this name."""

_Key = tuple[str, frozenset[tuple[str, str]]]

_FOREIGN = re.compile(r"[^a-zA-Z0-9_]")


def merged(
    owners: Iterable[tuple[str, Sequence[Family]]], taken: Iterable[Family], refuse: Refuse
) -> list[Family]:
    """Give a family for each name, beside those that are taken, with all owners' samples.

    What is of another type than the first owner's, or stands where another figure stands, is
    refused. Samples get the label `plugin`, but for those of the application.
    """
    drafts: dict[str, _Draft] = {}
    claimed = {name for family in taken for name in family.occupied}
    for plugin, families in owners:
        for family in families:
            draft = drafts.get(family.name)
            if draft is None and claimed.isdisjoint(family.occupied):
                draft = drafts[family.name] = _Draft(family)
                claimed |= family.occupied
            if draft is None or draft.first.type != family.type:
                refuse(plugin, f"{family.name} as a {family.type}: it is something else already")
            elif not draft.take(plugin, family):
                refuse(plugin, f"two figures are called {family.name}")
    return [draft.family() for _, draft in sorted(drafts.items())]


def families_of(plugins: Sequence[Figures]) -> list[tuple[str, list[Family]]]:
    """Give each plugin's figures as families.

    A figure that one plugin describes and another does not is what the description says.
    """
    described: dict[str, MetricType] = {}
    for figures in plugins:
        for name, definition in figures.definitions.items():
            described.setdefault(sanitised(name), definition.type)

    def family(figures: Figures, name: str, value: float) -> Family:
        own = figures.definitions.get(name)
        type = own.type if own else described.get(sanitised(name), "gauge")
        help = own.description if own else ""
        return Family(shown(sanitised(name), type), type, help, (Sample({}, value),))

    return [
        (figures.plugin, [family(figures, name, value) for name, value in figures.values.items()])
        for figures in plugins
    ]


def sanitised(name: str) -> str:
    """Give the name with letters, digits and underscores alone, as Prometheus wants it."""
    clean = _FOREIGN.sub("_", name)
    return f"_{clean}" if clean[0].isdigit() else clean


@dataclass(slots=True)
class _Draft:
    first: Family
    help: str = ""
    samples: dict[_Key, Sample] = field(default_factory=dict)

    def take(self, plugin: str, family: Family) -> bool:
        """Add the samples of one plugin; False, and nothing, where one is there already."""
        own = {_key(sample): sample for sample in (_owned(plugin, s) for s in family.samples)}
        if len(own) < len(family.samples) or not own.keys().isdisjoint(self.samples):
            return False
        self.samples |= own
        self.help = self.help or family.help
        return True

    def family(self) -> Family:
        first = self.first
        help = self.help or f"{first.name}, which no plugin describes."
        return Family(first.name, first.type, help, tuple(self.samples.values()))


def _owned(plugin: str, sample: Sample) -> Sample:
    """The sample with the label of its plugin; one of that name is renamed as Prometheus does."""
    if plugin == APPLICATION:
        return sample
    labels = {("exported_plugin" if k == "plugin" else k): v for k, v in sample.labels.items()}
    return sample._replace(labels={"plugin": plugin, **labels})


def _key(sample: Sample) -> _Key:
    return sample.suffix, frozenset(sample.labels.items())
