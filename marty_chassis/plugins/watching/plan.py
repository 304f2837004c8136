"""From what is here and what is on the disk to what is to be done: nothing is read or moved here.

What happened in between plays no part, so the order of events, doubled events and events that name
something else (a ConfigMap's swap, an editor's backup) make no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum


class Act(Enum):
    """What can be done; in the order in which it is done."""

    LOAD = "load"
    """There is a new place: load what is in it."""
    MOVE = "move"
    """The plugin is in another place now: reload it from there."""
    RELOAD = "reload"
    """The source is not what runs."""
    EXCHANGE = "exchange"
    """The place holds other plugins than it did: unload those, load these."""
    UNLOAD = "unload"
    """Its place is gone."""
    REFUSE = "refuse"
    """There is a new place for a name that is taken: say so."""


@dataclass(frozen=True, slots=True)
class Known:
    """A plugin that the service has."""

    name: str
    place: str
    """The path of its file or package."""
    current: bool
    """Whether its source on the disk is what runs."""


@dataclass(frozen=True, slots=True)
class There:
    """A plugin file or package on the disk."""

    place: str
    names: tuple[str, ...]
    """Of its plugins, as far as the source shows them; nothing when unsure."""
    digest: str
    """Of its own files."""
    around: str
    """Of all files that a plugin here may import: changes whenever a failure could be mended."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do."""

    act: Act
    place: str
    """Where the plugins are, or were."""
    names: tuple[str, ...]
    """The plugins that it is about; for `LOAD`, nothing when only reading the place can tell."""
    stamp: str
    """What was on the disk: the same step is not tried twice with the same."""
    coming: tuple[str, ...] = ()
    """For `EXCHANGE`: the names that are new."""

    @property
    def key(self) -> str:
        """What is remembered as tried: a plugin, or a place."""
        by_place = self.act in (Act.LOAD, Act.EXCHANGE, Act.REFUSE)
        return self.place if by_place else self.names[0]

    def __str__(self) -> str:
        return f"{self.act.value} {', '.join(self.names) or 'whatever is'} at {self.place}"


GONE = "gone"
"""The stamp of a place that is not there."""


def plan(known: Sequence[Known], there: Iterable[There]) -> list[Step]:
    """Give what is to be done, each plugin in one step at most.

    known: in the order of starting, which reloads keep.
    """
    comparison = _Comparison(known, there)
    steps = [step for one in known if (step := comparison.of_plugin(one)) is not None]
    steps += [step for place in comparison.places for step in comparison.of_place(place)]
    order = list(Act)
    # Of an exchange each plugin that leaves has spoken. Sorting keeps the order of starting.
    return sorted(dict.fromkeys(steps), key=lambda step: order.index(step.act))


class Tries:
    """What was tried: the same is not tried again until something else is on the disk."""

    def __init__(self) -> None:
        self._stamps: dict[tuple[Act, str], str] = {}

    def due(self, steps: Sequence[Step]) -> list[Step]:
        """Give those that are worth a try; what nobody asks for any more is forgotten."""
        asked = {(step.act, step.key) for step in steps}
        self._stamps = {key: self._stamps[key] for key in self._stamps if key in asked}
        return [step for step in steps if self._stamps.get((step.act, step.key)) != step.stamp]

    def note(self, step: Step) -> None:
        """Take down that it was tried, or need not be."""
        self._stamps[step.act, step.key] = step.stamp

    def __repr__(self) -> str:
        return f"<Tries of {', '.join(key for _, key in self._stamps) or 'nothing'}>"


class _Comparison:
    """What is here beside what is on the disk."""

    def __init__(self, known: Sequence[Known], there: Iterable[There]) -> None:
        self.places = sorted(there, key=lambda one: one.place)
        self._there = {one.place: one for one in self.places}
        self._known = {one.name: one for one in known}
        self._lost = {one.name for one in known if self._is_lost(one)}
        self._moves = {
            one.name: to for one in known if one.name in self._lost and (to := self._elsewhere(one))
        }

    def of_plugin(self, one: Known) -> Step | None:
        """What is to be done with a plugin."""
        now = self._there.get(one.place)
        if (to := self._moves.get(one.name)) is not None:
            return Step(Act.MOVE, to.place, (one.name,), to.around)
        if now is None:
            return Step(Act.UNLOAD, one.place, (one.name,), GONE)
        if one.name in self._lost:
            leaving, coming = self._leaving(now), self._coming(now)
            # Emptied or half written, it shows nothing that would say that it was meant.
            if coming or self._staying(now):
                return Step(Act.EXCHANGE, now.place, leaving, now.around, coming)
        return None if one.current else Step(Act.RELOAD, now.place, (one.name,), now.around)

    def of_place(self, now: There) -> list[Step]:
        """What is new in a place: all where nothing was, else what was put beside it."""
        held = self._held(now)
        if not held and not now.names:
            return [Step(Act.LOAD, now.place, (), now.digest)]
        steps = []
        if not held:
            taken = tuple(
                name for name in now.names if name in self._known and name not in self._moves
            )
            steps += [Step(Act.REFUSE, now.place, taken, now.digest)] if taken else []
        elif self._leaving(now) or all(one.current for one in held):
            return []
        coming = self._coming(now)
        return [*steps, Step(Act.LOAD, now.place, coming, now.digest)] if coming else steps

    def _is_lost(self, one: Known) -> bool:
        """Whether its place is gone, or shows for certain that it holds others now."""
        now = self._there.get(one.place)
        if now is None:
            return True
        return not one.current and bool(now.names) and one.name not in now.names

    def _elsewhere(self, one: Known) -> There | None:
        others = (now for now in self.places if now.place != one.place)
        return next((now for now in others if one.name in now.names), None)

    def _held(self, now: There) -> list[Known]:
        return [one for one in self._known.values() if one.place == now.place]

    def _staying(self, now: There) -> bool:
        return any(one.name not in self._lost for one in self._held(now))

    def _leaving(self, now: There) -> tuple[str, ...]:
        gone = self._lost - self._moves.keys()
        return tuple(one.name for one in self._held(now) if one.name in gone)

    def _coming(self, now: There) -> tuple[str, ...]:
        return tuple(name for name in now.names if name not in self._known)
