"""What is on the disk: plugin files and packages, their digests, and where to look for changes.

All of it reads files, and belongs into a thread. Nothing is imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from marty_chassis.discovery import Candidate, places_of_files
from marty_chassis.discovery.digests import combined, files_on_disk, sha256
from marty_chassis.discovery.files import PluginFile
from marty_chassis.discovery.folders import plugin_folders

from .plan import Known, There

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig

_NO_FILE = ""
"""The digest of a file that cannot be read."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where plugins come from."""

    config: ChassisConfig
    extra_directories: tuple[str, ...]
    """More plugin folders, absolute."""
    service_folder: Path

    def plugin_folders(self) -> list[Path]:
        """Give the plugin folders, whether they exist or not."""
        return [one.path for one in plugin_folders(self.config, self.extra_directories)]

    def places(self) -> tuple[PluginFile, ...]:
        """Give the martyconfs, and the plugin files and packages; nothing of them is imported."""
        return places_of_files(
            self.config,
            extra_directories=self.extra_directories,
            service_folder=self.service_folder,
        )

    def configuration_files(self) -> list[Path]:
        """Give the files that the configuration is read from, whether they exist or not."""
        path, folder = self.config.path, self.config.folder
        return [*([folder / path.name] if path is not None else []), folder / ".env"]


@dataclass(frozen=True, slots=True)
class Running:
    """What is asked of the disk about one plugin."""

    name: str
    place: str
    files: tuple[str, ...]
    digest: str | None
    """Of the source that runs; `None` for one that was not read."""
    usable: bool
    idle: bool
    """Whether it does not run because nobody wants it to."""

    @classmethod
    def of(cls, candidate: Candidate, *, idle: bool) -> Running | None:
        """Give it for a plugin of a file; `None` for any other."""
        if candidate.source.kind not in ("folder", "martyconf"):
            return None
        place = (candidate.place or candidate).source.place
        room = candidate.room
        if room is None:
            files, digest = candidate.files, candidate.sha256
        else:
            # What it has imported since counts too.
            files, digest = room.files, room.digest
        return cls(candidate.name, place, files, digest, candidate.usable, idle)


@dataclass(frozen=True, slots=True)
class Survey:
    """The disk at one moment, beside what runs."""

    known: tuple[Known, ...]
    there: tuple[There, ...]
    places: Mapping[str, PluginFile]


def survey(scene: Scene, running: Iterable[Running]) -> Survey:
    """Look at everything, each file once."""
    digests = _Digests()
    places = scene.places()
    there = tuple(
        There(
            place=place.source.place,
            names=place.expected(),
            digest=digests.of(files_on_disk(place.path), place.path.parent),
            around=digests.around(place),
        )
        for place in places
    )
    return Survey(
        tuple(digests.known(one) for one in running),
        there,
        {place.source.place: place for place in places},
    )


def configuration_stamp(scene: Scene) -> str:
    """Give one digest for the files that the configuration is read from."""
    digests = _Digests()
    return digests.of(map(str, scene.configuration_files()), scene.config.folder)


class _Digests:
    """The digests of files, each read once."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._around: dict[str, str] = {}

    def of(self, files: Iterable[str], folder: Path) -> str:
        """Give one digest for these files, of which some may not be there."""
        each = {file: self._file(file) for file in files}
        return combined(each, folder) or _NO_FILE

    def around(self, place: PluginFile) -> str:
        """Give one digest for all Python files beside the place, and below them."""
        folder = place.path.parent
        # A martyconf lies in the folder of a project, of which most is none of ours.
        deep = place.source.kind == "folder"
        key = f"{deep}:{folder}"
        if key not in self._around:
            self._around[key] = self.of(python_files(folder, deep=deep), folder)
        return self._around[key]

    def known(self, one: Running) -> Known:
        """Say whether what runs is what is on the disk."""
        unit = Path(one.place)
        if one.idle or one.digest is None:
            current = True
        elif not one.usable:
            current = False
        else:
            files = {*one.files, *files_on_disk(unit)}
            current = self.of(files, unit.parent) == one.digest
        return Known(one.name, one.place, current)

    def _file(self, file: str) -> str:
        if file not in self._files:
            try:
                # Opening a pipe would wait for somebody to write.
                self._files[file] = sha256(Path(file).read_bytes()) if os.path.isfile(file) else ""
            except OSError:
                self._files[file] = _NO_FILE
        return self._files[file]


def python_files(folder: Path, *, deep: bool = True) -> Iterator[str]:
    """Give the Python files of a folder, and of those below; a link that leads back is not followed."""
    seen: set[str] = set()
    for base, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(base)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        yield from (
            os.path.join(base, name)
            for name in files
            if name.endswith(".py") and not name.startswith(".")
        )
        # `..data` of a ConfigMap is what the links in the folder itself lead to.
        folders[:] = [
            name for name in folders if deep and not name.startswith(".") and name != "__pycache__"
        ]
