"""One search for plugins under way: every place is looked at, and read unless it is off."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from marty_chassis.boundary import Faults
from marty_chassis.discovery.bundled import BUNDLED, bundled, is_bundled
from marty_chassis.discovery.candidate import Candidate, Place
from marty_chassis.discovery.duplicates import settled
from marty_chassis.discovery.entry_points import installed, switched_off
from marty_chassis.discovery.folders import Folder, depth_of, files_of, plugin_folders
from marty_chassis.discovery.found import Found
from marty_chassis.discovery.martyconf import Conf, martyconfs
from marty_chassis.discovery.references import Reference, wanted_module
from marty_chassis.discovery.wishes import Wishes
from marty_chassis.errors import Problem
from marty_hookspecs import PluginMetadata

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig

PathLike = str | os.PathLike[str]


class Search:
    """Collects candidates from one place after the other; `only` reads what may have that name."""

    def __init__(self, config: ChassisConfig, faults: Faults, only: str | None = None) -> None:
        self.config = config
        self.faults = faults
        self.only = only
        self.wishes = Wishes(config)
        self.candidates: list[Candidate] = []
        self.disabled: list[Candidate] = []
        self.problems: list[Problem] = []

    def look(
        self,
        arguments: Iterable[Place],
        extra_directories: Iterable[PathLike],
        environ: Mapping[str, str],
        service_folder: Path,
    ) -> None:
        """Look everywhere, in the order in which plugins are listed."""
        for place in arguments:
            self.take(place)
        confs = self.take_martyconfs(service_folder)
        for folder in plugin_folders(self.config, extra_directories):
            self.take_folder(folder, confs)
        wanted = {text: conf.path for conf in confs.values() for text in conf.wanted}
        self.take_entry_points(wanted, off=switched_off(environ))
        known = {one.name for one in (*self.candidates, *self.disabled)}
        asked_for = self.wishes.sections | self.wishes.required | {self.only or ""}
        for reference in bundled(asked_for - known):
            self.take(reference)
        self.problems += [
            _in_place_of_bundled(one)
            for one in self.candidates
            if one.name in asked_for.intersection(BUNDLED) and not is_bundled(one.source)
            if self.wishes.choice(one.name) is None
        ]

    def take(self, place: Place) -> None:
        """Read one place, unless it is off."""
        if self.only is not None:
            if self.may_hold(place):
                self.candidates += place.read(self.faults)
            return
        off = place.off(self.wishes.disabled)
        for name in off:
            self.disabled.append(_unread(name, place, self.wishes.why_disabled(name)))
        if not off:
            self.sort(place, place.read(self.faults))

    def may_hold(self, place: Place) -> bool:
        """Whether the place may have the one name that is asked for."""
        return self.only is None or self.only in (place.expected() or (self.only,))

    def sort(self, place: Place, candidates: Iterable[Candidate]) -> None:
        """Part those that are disabled from the others; a file without any is noted."""
        before = len(self.candidates) + len(self.disabled)
        for one in candidates:
            if one.name in self.wishes.disabled:
                self.disabled.append(one.stopped(self.wishes.why_disabled(one.name)))
            else:
                self.candidates.append(one)
        if place.source.kind == "folder" and before == len(self.candidates) + len(self.disabled):
            self.problems.append(_empty(place))

    def take_martyconfs(self, service_folder: Path) -> dict[str, Conf]:
        """Read every martyconf, and give them by their folders."""
        confs: dict[str, Conf] = {}
        for place in martyconfs(self.config.folder, service_folder):
            names = place.off(self.wishes.disabled) if self.only is None else ()
            if names or not self.may_hold(place):
                conf = place.unread()
                self.disabled += [_unread(n, place, self.wishes.why_disabled(n)) for n in names]
            else:
                conf = place.conf(self.faults)
                self.sort(place, conf.candidates)
            self.problems += conf.problems
            confs[os.path.realpath(place.path.parent)] = conf
        return confs

    def take_folder(self, folder: Folder, confs: Mapping[str, Conf]) -> None:
        """Read one plugin folder; a martyconf in it or beside it says what scope it has."""
        inside, beside = (os.path.realpath(one) for one in (folder.path, folder.path.parent))
        conf = confs.get(inside) or confs.get(beside) or Conf()
        depth = depth_of(inside if inside in confs else beside, self.config.folder)
        for file in files_of(folder, depth, conf.scope, inside in confs, self.problems):
            self.take(file)

    def take_entry_points(self, wanted: Mapping[str, str], *, off: bool) -> None:
        """Read what is installed, as far as it should be, and what martyconfs name."""
        mode = "none" if off else self.config.plugins.entry_points
        found = installed(self.problems) if mode != "none" or wanted else []
        for reference in found:
            if mode == "named" and not self.is_asked_for(reference, wanted):
                self.take_named(reference)
            elif mode != "none" or reference.name in wanted:
                self.take(reference)
        names = {one.name for one in found}
        for text, conf in wanted.items():
            if text not in names:
                self.take(wanted_module(text, conf))

    def is_asked_for(self, reference: Reference, wanted: Mapping[str, str]) -> bool:
        """Whether it is looked at whatever the configuration names: to start it, or to refuse."""
        disabled = bool(reference.off(self.wishes.disabled))
        return self.only is not None or reference.name in wanted or disabled

    def take_named(self, reference: Reference) -> None:
        """Read an entry point if the configuration names it, or what its source shows."""
        name, *_ = expected = reference.expected()
        if not self.wishes.named & set(expected):
            self.disabled.append(_unread(name, reference, _NOT_NAMED))
            return
        candidates = reference.read(self.faults)
        by_name = name in self.wishes.named
        fitting = [one for one in candidates if by_name or one.name in self.wishes.named]
        self.disabled += [one.stopped(_NOT_NAMED) for one in candidates if one not in fitting]
        self.sort(reference, fitting)

    def found(self) -> Found:
        """Settle who has which name, and compare with what the configuration names."""
        wishes = self.wishes
        candidates, passed_over = settled(self.candidates, wishes.choice, self.config.folder)
        known = frozenset(one.name for one in (*candidates, *self.disabled))
        missing = dict(wishes.missing(known))
        self.problems += missing.values()
        self.problems += wishes.unknown_sections(known | missing.keys())
        # An entry point that nothing names may be called what a plugin of a folder is called.
        taken = {one.name for one in candidates}
        disabled = [one for one in self.disabled if one.name not in taken]
        passed_over += [one for one in self.disabled if one.name in taken]
        return Found(
            candidates=tuple(candidates),
            disabled=tuple(disabled),
            passed_over=tuple(passed_over),
            problems=tuple(self.problems),
            missing=frozenset(missing),
            required_by_section=wishes.sections - wishes.disabled,
        )


_NOT_NAMED = (
    "plugins.entry_points is 'named', and nothing in the configuration names it. Give it a section"
    " to start it."
)


def _unread(name: str, place: Place, why: str) -> Candidate:
    metadata = PluginMetadata(name, version=place.source.version or "0.0.0")
    return Candidate(name=name, metadata=metadata, source=place.source, problem=why, place=place)


def _in_place_of_bundled(one: Candidate) -> Problem:
    return Problem(
        "",
        f"it takes the place of the bundled plugin {one.name!r}",
        str(one.source),
        f"Rename it; or say that it is meant: plugins.settings.{one.name}.from.",
        "warning",
    )


def _empty(place: Place) -> Problem:
    return Problem(
        "",
        "there is no plugin in it",
        place.source.place,
        "Decorate a class with @plugin(name=...) or a function with @hookimpl, or rename it _*.",
        "warning",
    )
