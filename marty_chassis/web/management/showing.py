"""All figures at one moment: of the chassis, of the plugins and of the application."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from marty_chassis.plugins.arrangement import REGISTRIES

from .always import always
from .asked import Desk
from .families import Family, Sample, gauge
from .figures import Figures, Sieve
from .merging import APPLICATION, families_of, merged
from .registries import HOOK, families_in


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to be shown."""

    figures: Sequence[Figures]
    """What each plugin answered in this process."""
    own: Sequence[Family]
    """Of the chassis."""
    theirs: Sequence[Family]
    """Of plugins and of the application."""


async def shown(desk: Desk) -> Shown:
    """Give all figures; what makes no sense is left out, and a fault of its plugin."""
    answers = {one.plugin: one for one in await desk.gathering.figures()}
    registries = [*desk.manager.current.part(REGISTRIES)]
    if desk.exposition.used is not None:
        registries.insert(0, (APPLICATION, desk.exposition.used))
    for plugin, _ in registries:
        answers.setdefault(plugin, Figures(plugin))
    sieves = {plugin: Sieve(desk.manager, plugin) for plugin in answers}
    owners = [
        *((plugin, families_in(registry, sieves[plugin])) for plugin, registry in registries),
        *families_of([*answers.values()]),
    ]
    own = always(desk)
    theirs = merged(owners, [*own, *_about(())], lambda who, why: sieves[who].refuse(HOOK, why))
    figures = [
        replace(one, problems=(*one.problems, *sieves[plugin].problems))
        for plugin, one in sorted(answers.items())
        if plugin != APPLICATION
    ]
    return Shown(figures, [*own, *_about(figures)], theirs)


def _about(figures: Sequence[Figures]) -> list[Family]:
    """How it went to ask for the figures."""
    labelled = [({"plugin": one.plugin}, one) for one in figures]
    return [
        gauge(
            "marty_metrics_answered",
            "Whether a plugin gave its figures when it was asked last; if not, it has none here.",
            [Sample(labels, int(one.answered)) for labels, one in labelled],
        ),
        gauge(
            "marty_metrics_age_seconds",
            "How long ago a plugin was asked for its figures.",
            [Sample(labels, one.age) for labels, one in labelled],
        ),
        gauge(
            "marty_metrics_problems",
            "How much a plugin gave that cannot be shown; its faults say why.",
            [Sample(labels, len(one.problems)) for labels, one in labelled],
        ),
    ]
