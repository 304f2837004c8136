"""A new project: the files of its templates, with its names and words in them.

A template is a file of `templates/` with `.txt` behind its name, so that no tool takes it for
code, and `%{name}` where something is filled in: `$` and braces belong to the texts themselves. In
the names of folders, PACKAGE is the package, and `dot.` a dot that hides a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from marty_chassis.version import __version__
from marty_hookspecs import __version__ as contract

from .names import Name

TEMPLATES: Final = Path(__file__).parent / "templates"
MAJOR: Final = int(contract.partition(".")[0])


@dataclass(frozen=True, slots=True)
class Project:
    """What is to be written: a text for each path."""

    name: Name
    files: Mapping[str, str]


class Text(Template):
    """A template's text."""

    delimiter = "%"


def plugin(given: str, description: str = "", author: str = "") -> Project:
    """Give a package with a plugin that is a class and one that is functions, and their tests."""
    name = Name.of_plugins(given)
    description = description or "Names the service in each of its responses."
    values = {"class": name.plugin_class, "plugins": "."}
    return _project(name, ("common", "plugin"), description, author, values)


def service(given: str, description: str = "", author: str = "", *, fastapi: bool) -> Project:
    """Give a service with a configuration, a plugin in its folder, and their tests."""
    name = Name.of(given)
    description = description or "A service that greets."
    layers = ("common", "service", "fastapi") if fastapi else ("common", "service")
    framework = "fastapi" if fastapi else "starlette"
    extras = "cli,fastapi,server" if fastapi else "cli,server"
    values = {"plugins": "plugins", "framework": framework, "extras": extras}
    return _project(name, layers, description, author, values)


def _project(
    name: Name, layers: tuple[str, ...], description: str, author: str, more: Mapping[str, str]
) -> Project:
    values = {
        "name": name.project,
        "package": name.package,
        "description": description,
        "quoted_description": quoted(description),
        "author": f"author={quoted(author)}," if author else "",
        "authors": f"authors = [{{ name = {quoted(author)} }}]" if author else "",
        "version": __version__,
        "contract": f">={MAJOR},<{MAJOR + 1}",
        **more,
    }
    files = {
        path: filled(text, values) for layer in layers for path, text in _templates(layer, name)
    }
    return Project(name, dict(sorted(files.items())))


def quoted(words: str) -> str:
    """Give words as a string of Python, and of TOML: both read what JSON writes."""
    return json.dumps(words, ensure_ascii=False)


def filled(text: str, values: Mapping[str, str]) -> str:
    """Fill in the values; a line that has nothing but a value that is empty is left out."""
    lines = [(line, Text(line).substitute(values)) for line in text.splitlines(keepends=True)]
    return "".join(made for line, made in lines if made.strip() or not line.strip())


def _templates(layer: str, name: Name) -> Iterator[tuple[str, str]]:
    root = TEMPLATES / layer
    for file in root.rglob("*.txt"):
        parts = file.relative_to(root).with_suffix("").parts
        path = "/".join(part.replace("dot.", ".", 1) for part in parts)
        yield path.replace("PACKAGE", name.package), file.read_text(encoding="utf-8")
