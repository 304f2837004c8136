"""The figures of all workers of the service: counted ones added up, others with their worker."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from marty_chassis.web.workers import Noted

from .asked import Desk
from .families import GROWING, Family, Sample, gauge
from .grown import Grown, summed
from .showing import Shown, shown


class Together:
    """Gives what is to be shown, of this process alone or of all of the service.

    It is the scribe of the workers: what it writes down are figures.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._grown = Grown()
        self._here: Shown | None = None

    async def shown(self) -> Shown:
        """Give all figures."""
        noted = await self._desk.workers.noted()
        if noted is None or self._here is None:
            return await shown(self._desk)
        return _together(self._here, noted)

    async def write(self) -> bytes:
        """Write down the figures of this process."""
        here = self._here = await shown(self._desk)
        families = [*here.own, *here.theirs]
        return Note(
            frozenset(family.name for family in families),
            self._grown.take(families),
            [family for family in families if family.type not in GROWING],
        ).written()

    def merge(self, gone: Sequence[bytes]) -> bytes:
        """Add up what those have counted that have ended."""
        grown = summed(family for note in gone for family in Note.read(note).grown)
        return Note(frozenset(), grown, []).written()

    def __repr__(self) -> str:
        return f"<Together: {self._grown!r}>"


@dataclass(frozen=True, slots=True)
class Note:
    """The figures of one process, as the others read them."""

    present: frozenset[str]
    """The families that it has now, also where they have no figures yet."""
    grown: Sequence[Family]
    """What it has counted, also in families that it shows no longer."""
    now: Sequence[Family]
    """What is as it is."""

    def written(self) -> bytes:
        """As it is written down."""
        return json.dumps([[*self.present], _rows(self.grown), _rows(self.now)]).encode()

    @classmethod
    def read(cls, text: bytes) -> Note:
        """Read what another one has written; what cannot be read is an empty note."""
        try:
            present, grown, now = json.loads(text)
            return cls(frozenset(present), _families(grown), _families(now))
        except (ValueError, TypeError):
            return cls(frozenset(), [], [])


def _together(here: Shown, noted: Noted) -> Shown:
    notes = {pid: Note.read(text) for pid, text in sorted(noted.living.items())}
    present = frozenset[str]().union(*(note.present for note in notes.values()))
    gone = [] if noted.gone is None else [Note.read(noted.gone)]
    counted = (family for note in (*gone, *notes.values()) for family in note.grown)
    grown = summed(family for family in counted if family.name in present)
    now = _joined(
        replace(family, samples=tuple(_of_worker(sample, pid) for sample in family.samples))
        for pid in sorted(noted.fresh & notes.keys())
        for family in notes[pid].now
    )
    ours = {family.name for family in here.own}
    found = [*grown, *now]
    own = [family for family in found if family.name in ours]
    theirs = [family for family in found if family.name not in ours]
    return Shown(here.figures, [*own, _answered(noted)], theirs)


def _answered(noted: Noted) -> Family:
    return gauge(
        "marty_worker_answered",
        "Whether a worker gave its figures for this answer; if not, only what it counted is here.",
        [Sample({"worker": str(pid)}, int(pid in noted.fresh)) for pid in sorted(noted.living)],
    )


def _joined(families: Iterable[Family]) -> list[Family]:
    found: dict[str, Family] = {}
    for family in families:
        known = found.setdefault(family.name, family)
        if known is not family and known.type == family.type:
            found[family.name] = replace(known, samples=(*known.samples, *family.samples))
    return list(found.values())


def _of_worker(sample: Sample, pid: int) -> Sample:
    labels = {("exported_worker" if k == "worker" else k): v for k, v in sample.labels.items()}
    return sample._replace(labels={"worker": str(pid), **labels})


def _rows(families: Iterable[Family]) -> list[object]:
    return [
        [one.name, one.type, one.help, [[dict(s.labels), s.value, s.suffix] for s in one.samples]]
        for one in families
    ]


def _families(rows: Iterable[Any]) -> list[Family]:
    return [
        Family(name, type, help, tuple(Sample(*sample) for sample in samples))
        for name, type, help, samples in rows
    ]
