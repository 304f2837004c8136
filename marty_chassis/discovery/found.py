"""What a search gave."""

from __future__ import annotations

from dataclasses import dataclass, replace

from marty_chassis.discovery.candidate import Candidate
from marty_chassis.errors import Problem


@dataclass(frozen=True, slots=True)
class Found:
    """All plugins that there are, and what is wrong with where they were looked for."""

    candidates: tuple[Candidate, ...] = ()
    """Those that should start, usable or not. Names are unique among the usable ones; where two
    have one name, both are here, unusable."""
    disabled: tuple[Candidate, ...] = ()
    """Those that should not start, without a target; `problem` says who wants it so."""
    passed_over: tuple[Candidate, ...] = ()
    """Those whose name another has, by `plugins.settings.<name>.from`."""
    problems: tuple[Problem, ...] = ()
    """What is wrong and belongs to no candidate: folders, sections, missing plugins."""
    missing: frozenset[str] = frozenset()
    """Names that the configuration requires and nobody has."""
    required_by_section: frozenset[str] = frozenset()
    """Names that have a section and are not disabled: a closed plugin among them is required."""

    @property
    def usable(self) -> tuple[Candidate, ...]:
        """Those that can be started."""
        return tuple(one for one in self.candidates if one.usable)

    @property
    def places(self) -> frozenset[str]:
        """The places that were looked at, whatever they held."""
        found = (*self.candidates, *self.disabled, *self.passed_over)
        return frozenset(one.source.place for one in found) | {one.place for one in self.problems}

    def named(self, name: str) -> Candidate | None:
        """Give the candidate of this folded name, the disabled ones included."""
        both = (*self.candidates, *self.disabled)
        return next((one for one in both if one.name == name), None)

    def without_targets(self) -> Found:
        """The same, with the usable ones in words alone: it keeps nothing of them in memory."""
        return replace(
            self, candidates=tuple(_in_words(o) if o.usable else o for o in self.candidates)
        )

    def __repr__(self) -> str:
        return (
            f"<Found {len(self.usable)} usable of {len(self.candidates)} plugins,"
            f" {len(self.disabled)} disabled, {len(self.problems)} problems>"
        )


def _in_words(one: Candidate) -> Candidate:
    metadata = replace(one.metadata, config_schema=None)  # Its class is the plugin's, too.
    return replace(one, metadata=metadata, target=None, room=None)
