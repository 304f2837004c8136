"""What is on the disk: plugin files and packages, their digests, and where to look for changes.

All of it reads files, and belongs into a thread. Nothing is imported.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from marty_chassis.discovery import Candidate, places_of_files
from marty_chassis.discovery.declared import declared_names, declares, text_of
from marty_chassis.discovery.digests import combined, files_on_disk, sha256
from marty_chassis.discovery.files import PluginFile
from marty_chassis.discovery.folders import plugin_folders

from .plan import Known, There

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig

_NO_FILE = ""
"""The digest of a file that cannot be read."""
_WORD = re.compile(r"\w+")


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
    disk = _Disk(scene.places())
    known = tuple(disk.known(one) for one in running)
    settled = {one.place for one in known if one.current}
    settled -= {one.place for one in known if not one.current}
    there = tuple(disk.there(place, settled=place.source.place in settled) for place in disk.places)
    return Survey(known, there, {place.source.place: place for place in disk.places})


def digests_of(places: Iterable[str]) -> dict[str, str]:
    """Give the digest of each of these places that is a file or a package, as `There` has it."""
    disk = _Disk(())
    paths = [Path(place) for place in places if os.path.exists(place)]
    return {str(path): disk.digest(files_on_disk(path), path.parent) for path in paths}


def configuration_stamp(scene: Scene) -> str:
    """Give one digest for the files that the configuration is read from."""
    return _Disk(()).digest(map(str, scene.configuration_files()), scene.config.folder)


class _Disk:
    """The files of these places; each is read once."""

    def __init__(self, places: Sequence[PluginFile]) -> None:
        self.places = places
        self._digests: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._beside: dict[tuple[Path, bool], frozenset[str]] = {}

    def known(self, one: Running) -> Known:
        """Say whether what runs is what is on the disk."""
        unit = Path(one.place)
        if one.idle or one.digest is None:
            current = True
        elif not one.usable:
            current = False
        else:
            files = {*one.files, *files_on_disk(unit)}
            current = self.digest(files, unit.parent) == one.digest
        return Known(one.name, one.place, current)

    def there(self, place: PluginFile, *, settled: bool) -> There:
        """Describe a place; where all is as it runs, nobody asks what is around it."""
        own = files_on_disk(place.path)
        return There(
            place=place.source.place,
            names=declared_names(self._text(place), place.name),
            digest=self.digest(own, place.path.parent),
            around="" if settled else self._around(place, own),
        )

    def digest(self, files: Iterable[str], folder: Path) -> str:
        """Give one digest for these files, of which some may not be there."""
        return combined({file: self._file(file) for file in files}, folder) or _NO_FILE

    def _around(self, place: PluginFile, own: Iterable[str]) -> str:
        """One digest for the place and what it may import from beside it.

        That is what holds no plugin itself, and the plugins that its source mentions.
        """
        folder, words = place.path.parent, set(_WORD.findall(self._text(place)))
        others = {
            file
            for other in self.places
            if other != place and other.path.parent == folder and other.path.stem not in words
            if declares(self._text(other))
            for file in files_on_disk(other.path)
        }
        # A martyconf lies in the folder of a project, of which most is none of ours.
        key = folder, place.source.kind == "folder"
        if key not in self._beside:
            self._beside[key] = frozenset(python_files(folder, deep=key[1]))
        return self.digest((self._beside[key] - others) | {*own}, folder)

    def _text(self, place: PluginFile) -> str:
        name = place.source.place
        if name not in self._texts:
            self._texts[name] = text_of(place.path)
        return self._texts[name]

    def _file(self, file: str) -> str:
        if file not in self._digests:
            try:
                # Opening a pipe would wait for somebody to write.
                data = Path(file).read_bytes() if os.path.isfile(file) else None
            except OSError:
                data = None
            self._digests[file] = _NO_FILE if data is None else sha256(data)
        return self._digests[file]


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
