"""The answers with figures: all of them, in the form that is asked for."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable

from starlette.responses import Response

from marty_chassis.plugins.arrangement import ARRANGEMENT, Form
from marty_chassis.web.problem import problem
from marty_hookspecs.web import ASGIApp

from .asked import Asked, Desk, answer
from .exposition import WITHOUT, text
from .families import Family, with_samples
from .models import DefinitionView, FamilyView, MetricsView, PluginMetrics, SampleView
from .negotiation import wanted
from .showing import Shown

_HEADERS = {"cache-control": "no-store", "vary": "accept"}


async def metrics(desk: Desk, asked: Asked) -> ASGIApp:
    """All figures, in the form that is asked for; JSON where that does not matter."""
    return await _answered(desk, asked, "json")


async def prometheus(desk: Desk, asked: Asked) -> ASGIApp:
    """All figures, in the form that is asked for; Prometheus text where that does not matter."""
    return await _answered(desk, asked, "prometheus")


async def _answered(desk: Desk, asked: Asked, usual: Form) -> ASGIApp:
    usual = desk.manager.current.part(ARRANGEMENT).form or usual
    form = wanted(asked.header(b"accept") or "*/*", usual)
    found = await desk.together.shown()
    if form == "json":
        return answer(desk, _view(found), headers=_HEADERS)
    try:
        body, media_type = text(with_samples([*found.own, *found.theirs]), form)
    except ImportError:
        return problem(501, WITHOUT, type="extra-needed", extra="metrics")
    return Response(body, headers={**_HEADERS, "content-type": media_type})


def _view(found: Shown) -> MetricsView:
    return MetricsView(
        worker=os.getpid(),
        plugins={
            one.plugin: PluginMetrics(
                metrics=dict(one.values),
                definitions={
                    name: DefinitionView(type=d.type, description=d.description)
                    for name, d in one.definitions.items()
                },
                problems=list(one.problems),
                seconds=one.seconds,
                answered=one.answered,
                age_seconds=round(one.age, 3),
            )
            for one in found.figures
        },
        chassis=_views(found.own),
        families=_views(with_samples(found.theirs)),
    )


def _views(families: Iterable[Family]) -> list[FamilyView]:
    return [
        FamilyView(
            name=family.name,
            type=family.type,
            help=family.help,
            samples=[
                SampleView(
                    name=f"{family.name}{sample.suffix}",
                    labels=dict(sample.labels),
                    value=sample.value if math.isfinite(sample.value) else None,
                )
                for sample in family.samples
            ],
        )
        for family in families
    ]
