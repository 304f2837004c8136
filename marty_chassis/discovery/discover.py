"""What is asked of discovery: find all, find one, read one again, let go of one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from marty_chassis.boundary import Faults
from marty_chassis.discovery.candidate import Candidate, Place
from marty_chassis.discovery.duplicates import settled
from marty_chassis.discovery.entry_points import installed, switched_off
from marty_chassis.discovery.files import PluginFile
from marty_chassis.discovery.folders import depth_of, files_of, plugin_folders
from marty_chassis.discovery.found import Found
from marty_chassis.discovery.given import given
from marty_chassis.discovery.martyconf import martyconfs
from marty_chassis.discovery.search import Search
from marty_chassis.settings.names import canonical

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig

PathLike = str | os.PathLike[str]


def discover(
    config: ChassisConfig,
    *,
    extra_directories: Iterable[PathLike] = (),
    plugins: Iterable[object] = (),
    faults: Faults,
    environ: Mapping[str, str] | None = None,
    service_folder: PathLike | None = None,
) -> Found:
    """Find every plugin and import those that should start; nothing is constructed.

    extra_directories: more plugin folders; relative ones start at the working directory.
    plugins: classes, instances, factories and modules; raises `NotAPlugin` for anything else.
    environ: the process's, where not given.
    service_folder: where martyconfs end; the working directory where not given.

    Whatever goes wrong in a plugin or a folder is a fault or a problem of that one, and the rest
    is found all the same. Blocks while plugins are imported; one that hangs there hangs all.
    """
    search = Search(config, faults)
    search.look(
        given(plugins),
        extra_directories,
        os.environ if environ is None else environ,
        Path(service_folder or Path.cwd()),
    )
    return search.found()


def find_one(
    config: ChassisConfig,
    name: str,
    *,
    extra_directories: Iterable[PathLike] = (),
    plugins: Iterable[object] = (),
    faults: Faults,
    environ: Mapping[str, str] | None = None,
    service_folder: PathLike | None = None,
) -> Candidate | None:
    """Find the plugin of this name, new or disabled, and import it; `None` where there is none.

    Imports only what may have the name, as far as that can be seen; see `discover` for the rest.
    Raises `InvalidPluginName`.
    """
    search = Search(config, faults, only=canonical(name))
    search.look(
        given(plugins),
        extra_directories,
        os.environ if environ is None else environ,
        Path(service_folder or Path.cwd()),
    )
    for one in search.candidates:
        if one.name != search.only:
            one.leave()
    return search.found().named(canonical(name))


def listing(
    config: ChassisConfig,
    *,
    extra_directories: Iterable[PathLike] = (),
    environ: Mapping[str, str] | None = None,
    service_folder: PathLike | None = None,
) -> tuple[Place, ...]:
    """Give the places that plugins would be read from, without importing anything of them.

    `expected()` of each gives the names that its source shows. What martyconfs name, and what is
    bundled, is not among them; what cannot be read is left out.
    """
    places: list[Place] = list(martyconfs(config.folder, Path(service_folder or Path.cwd())))
    for folder in plugin_folders(config, extra_directories):
        places += files_of(folder, 0, None, True, [])
    off = switched_off(os.environ if environ is None else environ)
    if config.plugins.entry_points != "none" and not off:
        places += installed([])
    return tuple(places)


def places_of_files(
    config: ChassisConfig,
    *,
    extra_directories: Iterable[PathLike] = (),
    service_folder: PathLike | None = None,
) -> tuple[PluginFile, ...]:
    """Give the martyconfs and the files of plugin folders as they are now, each with its scope.

    Nothing is imported; the scope of a martyconf is what its source shows. What cannot be listed
    is left out.
    """
    confs = list(martyconfs(config.folder, Path(service_folder or Path.cwd())))
    scopes = {os.path.realpath(one.path.parent): one.unread().scope for one in confs}
    places: list[PluginFile] = list(confs)
    for folder in plugin_folders(config, extra_directories):
        inside, beside = (os.path.realpath(one) for one in (folder.path, folder.path.parent))
        depth = depth_of(inside if inside in scopes else beside, config.folder)
        scope = scopes.get(inside, scopes.get(beside))
        places += files_of(folder, depth, scope, True, [])
    return tuple(places)


def read_place(config: ChassisConfig, place: Place, faults: Faults) -> tuple[Candidate, ...]:
    """Read one place as `discover` does: what is disabled is not imported, names are used once."""
    search = Search(config, faults)
    search.take(place)
    wishes = search.wishes
    candidates, _ = settled(search.candidates, wishes.choice, config.folder)
    return (*candidates, *search.disabled)


def reread(candidate: Candidate, faults: Faults) -> Candidate:
    """Read the plugin again from where it was found: a new generation beside the old one.

    A file gets new modules under a new name. What is installed is not imported again, but where it
    failed; what was an argument stays what it is. A plugin that is no longer there is a candidate
    with a problem.
    """
    if candidate.place is None:
        return candidate
    fresh, _ = settled(candidate.place.read(faults), lambda _: None, Path())
    mine = [one for one in fresh if one.name == candidate.name]
    for one in fresh:
        if one not in mine[:1]:
            one.leave()
    if mine:
        return mine[0]
    others = ", ".join(repr(one.name) for one in fresh) or "no plugin"
    problem = (
        f"{candidate.source}: it holds {others}, and {candidate.name!r} no more. Load what it"
        f" holds, or unload {candidate.name!r}."
    )
    return replace(candidate, target=None, room=None, fault=None, problem=problem)


def unload(candidate: Candidate) -> None:
    """Take the plugin's modules, loggers and source lines out of the process.

    Only for what came from a plugin folder or a martyconf; where several plugins are of one file,
    the last one takes them out. What still runs goes on. May be repeated.
    """
    candidate.leave()
