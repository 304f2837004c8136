"""The figures that are always there, whatever plugins do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from marty_chassis.hooks import HookManager
from marty_chassis.lifecycle import State

from .asked import Desk
from .families import Family, Sample, counter, gauge

if TYPE_CHECKING:
    from marty_chassis.events import EventBus


def always(desk: Desk) -> list[Family]:
    """Give what is known without asking anybody."""
    return [
        *_of_plugins(desk),
        *_of_hooks(desk.manager),
        *(_of_events(desk.bus) if desk.bus is not None else ()),
    ]


def _of_plugins(desk: Desk) -> Iterator[Family]:
    plugins = desk.overseer.status()
    yield gauge(
        "marty_plugin_info",
        "Which plugins there are; always 1.",
        [
            Sample({"plugin": p.name, "version": p.version, "generation": str(p.generation)}, 1)
            for p in plugins
        ],
    )
    yield gauge(
        "marty_plugin_state",
        "1 for the state that a plugin is in, 0 for every other one.",
        [
            Sample({"plugin": p.name, "state": state.value}, int(p.state is state))
            for p in plugins
            for state in State
        ],
    )
    yield counter(
        "marty_plugin_faults_total",
        "What plugins have done wrong.",
        [
            Sample(
                {
                    "plugin": key.plugin,
                    "phase": key.phase.value,
                    "hook": key.hook or "",
                    "kind": key.kind,
                },
                number,
            )
            for key, number in sorted(desk.manager.faults.counts.items(), key=str)
        ],
    )
    yield counter(
        "marty_plugin_reloads_total",
        "How often a new generation has taken the place of another.",
        [Sample({"plugin": p.name}, desk.reloads.get(p.name, 0)) for p in plugins],
    )
    yield gauge(
        "marty_plugin_healthy",
        "Whether a plugin's last health check went well.",
        _numbers(desk.health.outcomes()),
    )
    yield gauge("marty_ready", "Whether requests are welcome.", [Sample({}, int(desk.ready))])


def _of_hooks(manager: HookManager) -> Iterator[Family]:
    tallies = sorted(manager.failures.tallies.items())
    labelled = [({"plugin": plugin, "hook": hook}, tally) for (plugin, hook), tally in tallies]
    yield counter(
        "marty_hook_calls_total",
        "How often plugins were asked; in requests where that is measured.",
        [Sample(labels, tally.calls) for labels, tally in labelled],
    )
    yield counter(
        "marty_hook_seconds_total",
        "How long plugins took to answer; in requests where that is measured.",
        [Sample(labels, tally.seconds) for labels, tally in labelled],
    )
    yield gauge(
        "marty_stray_tasks",
        "Calls into plugins that were given up and have not ended.",
        [Sample({}, len(manager.failures.strays))],
    )


def _of_events(bus: EventBus) -> Iterator[Family]:
    # Several subscriptions of one plugin to one pattern are one figure: labels must be unique.
    totals: dict[tuple[str, str], dict[str, int]] = {}
    for stats in bus.stats():
        total = totals.setdefault((stats.plugin, stats.pattern), dict.fromkeys(_EVENTS, 0))
        for word in _EVENTS:
            total[word] += getattr(stats, word)
    for word, help in _EVENTS.items():
        make, suffix = (gauge, "") if word == "waiting" else (counter, "_total")
        yield make(
            f"marty_events_{word}{suffix}",
            help,
            [
                Sample({"plugin": plugin, "pattern": pattern}, total[word])
                for (plugin, pattern), total in sorted(totals.items())
            ],
        )


_EVENTS = {
    "delivered": "Events that a subscriber has handled.",
    "failed": "Events that a subscriber raised at.",
    "dropped": "Events that never reached their subscriber.",
    "waiting": "Events in a subscriber's mailbox.",
}


def _numbers(outcomes: Iterable[tuple[str, bool]]) -> list[Sample]:
    return [Sample({"plugin": plugin}, int(healthy)) for plugin, healthy in outcomes]
