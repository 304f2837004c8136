"""Two plugins of one name: neither starts, unless the configuration chooses."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from packaging.utils import canonicalize_name

from marty_chassis.discovery.candidate import Candidate

Choice = Callable[[str], str | None]
"""Gives `plugins.settings.<name>.from` for a name."""


def settled(
    candidates: Iterable[Candidate], choice: Choice, folder: Path
) -> tuple[list[Candidate], list[Candidate]]:
    """Give the candidates with each name used once, and those that another was chosen over.

    Those that share a name with another, and those that are not what was chosen, get a problem
    that names all the places. `folder` is where relative paths of a choice start.
    """
    by_name: dict[str, list[Candidate]] = {}
    for one in candidates:
        same = by_name.setdefault(one.name, [])
        # One object, given as an argument and found as an entry point, is one plugin.
        if one.target is None or all(one.target is not other.target for other in same):
            same.append(one)
    kept: list[Candidate] = []
    passed_over: list[Candidate] = []
    for name, same in by_name.items():
        chosen = choice(name)
        fitting = [one for one in same if chosen is None or _is(one, chosen, folder)]
        if not fitting:
            kept += [_not_there(one, str(chosen), same) for one in same]
            continue
        kept += fitting if len(fitting) == 1 else [_clashing(one, fitting) for one in fitting]
        passed_over += [
            one.stopped(f"plugins.settings.{name}.from chooses {chosen!r}.")
            for one in same
            if one not in fitting
        ]
    return kept, passed_over


def _is(candidate: Candidate, chosen: str, folder: Path) -> bool:
    """Whether it is what was chosen: a kind, a distribution, a file, or a folder above it."""
    source = candidate.source
    if chosen in (source.kind, source.place):
        return True
    if source.distribution is not None:
        return canonicalize_name(chosen) == canonicalize_name(source.distribution)
    if source.kind not in ("folder", "martyconf"):
        return False
    path, place = Path(os.path.normpath(folder / Path(chosen).expanduser())), Path(source.place)
    return path == place or path in place.parents


def _clashing(one: Candidate, same: list[Candidate]) -> Candidate:
    return one.stopped(
        f"{len(same)} plugins are called {one.name!r}: {_places(same)}. None of them starts: rename"
        f" one, or choose with plugins.settings.{one.name}.from."
    )


def _not_there(one: Candidate, chosen: str, same: list[Candidate]) -> Candidate:
    return one.stopped(
        f"plugins.settings.{one.name}.from chooses {chosen!r}, and the plugin is at"
        f" {_places(same)}. Choose what is there."
    )


def _places(candidates: list[Candidate]) -> str:
    return " and ".join(str(one.source) for one in candidates)
