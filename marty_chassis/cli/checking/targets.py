"""From what is named on the command line, or configured, to what is checked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from marty_chassis.discovery import listing
from marty_chassis.discovery.declared import declares, text_of
from marty_chassis.discovery.entry_points import installed
from marty_chassis.discovery.files import PluginFile
from marty_chassis.discovery.references import Reference
from marty_chassis.discovery.wishes import Wishes
from marty_chassis.errors import MartyError, did_you_mean

from .finding import Finding, shown
from .project import PROJECT, has_entry_points, project
from .source import Kind
from .unit import Unit, files_of, is_package, lone, names_in, package
from .walk import below

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig


class NoSuchTarget(MartyError):
    """What is named on the command line is nowhere."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word

    def __str__(self) -> str:
        path = Path(self.word)
        near = did_you_mean(path.name, names_in(path.parent))
        return (
            f"there is no file or folder {self.word!r}, and nothing installed of this name brings"
            f" plugins.{near} Name a plugin file, a package, a folder, a martyconf.py, a project"
            " with pyproject.toml, or a distribution."
        )


def of_configuration(config: ChassisConfig) -> Iterator[Unit]:
    """Give the plugins that a service of this configuration would read, and that are not off."""
    wishes = Wishes(config)
    for place in listing(config):
        if place.off(wishes.disabled):
            continue
        if isinstance(place, PluginFile):
            kind: Kind = "martyconf" if place.source.kind == "martyconf" else "folder"
            yield Unit(kind, files_of(place.path), group="configuration")
        elif isinstance(place, Reference):
            named = config.plugins.entry_points == "named"
            if not named or wishes.named & set(place.expected()):
                yield _of_entry_point(place)


def of_word(word: str) -> Iterator[Unit | Finding]:
    """Give what a path, or the name of a distribution, leads to. Raises NoSuchTarget."""
    path = Path(os.path.abspath(word))
    if not os.path.lexists(path):
        yield from _of_distribution(word)
    elif path.name == PROJECT or has_entry_points(path / PROJECT):
        yield from project(path if path.is_dir() else path.parent)
    elif path.name == "__init__.py" and path.is_file():
        yield package(path.parent, asked=True)
    elif is_package(path):
        yield package(path, asked=True)
    elif path.is_dir():
        yield from below(path)
    elif path.suffix != ".py":
        hint = "Plugins are files that end in .py, and packages."
        yield Finding("no-plugin", "error", shown(path), "it is no Python file", hint)
    elif is_package(path.parent):
        yield _module(path)
    else:
        yield lone(path, asked=True)


def _of_distribution(word: str) -> Iterator[Unit]:
    wanted = canonicalize_name(word)
    found = [
        one for one in installed([]) if canonicalize_name(one.source.distribution or "") == wanted
    ]
    if not found:
        raise NoSuchTarget(word)
    yield from map(_of_entry_point, found)


def _of_entry_point(place: Reference) -> Unit:
    """The module that it names, or its package where it names one."""
    text = next((one for one in place.texts if one.is_file()), None)
    files: tuple[Path, ...] = ()
    if text is not None:
        files = files_of(text.parent) if text.name == "__init__.py" else (text,)
    source = place.source
    distribution = source.distribution or ""
    return Unit(
        "installed",
        files,
        source.place,
        place.name,
        place.value,
        distribution,
        source.version or "",
        group=distribution,
        asked=True,
    )


def _module(path: Path) -> Unit:
    """One module of a package: it is imported as a part of that, where it holds a plugin."""
    top = path.parent
    while is_package(top.parent):
        top = top.parent
    dotted = ".".join(path.relative_to(top.parent).with_suffix("").parts)
    if not declares(text_of(path)):
        return Unit("installed", (path,))
    search, group = (str(top.parent),), str(top)
    return Unit("installed", (path,), str(path), path.stem, dotted, search=search, group=group)
