"""A folder, and everything below it that may be a plugin."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from marty_chassis.discovery.declared import declares, text_of
from marty_chassis.discovery.scan import MARTYCONF

from .finding import Finding, shown
from .unit import Unit, files_of, is_package, lone, names_in, package

_WORDS: Final = ("marty_chassis", "marty_hookspecs", "HookimplMarker")
"""Whoever uses none of these has nothing to do with us."""


def below(folder: Path) -> Iterator[Unit | Finding]:
    """Give what may be a plugin there; a finding where nothing is."""
    try:
        os.listdir(folder)
    except OSError as error:
        said = f"it cannot be read: {error.strerror}"
        yield Finding("unreadable", "error", shown(folder), said, "Let whoever checks read it.")
        return
    found = list(_below(folder, ()))
    yield from found
    if not any(unit.place for unit in found):
        yield Finding(
            "no-plugin",
            "error",
            shown(folder),
            "there is no plugin in this folder",
            "Name the folder that they lie in; what begins with _ or . is passed over.",
        )


def _below(folder: Path, above: tuple[str, ...]) -> Iterator[Unit]:
    """Go down.

    In a folder with `plugins` in its name that holds plugin files everything is to be a plugin:
    that is what discovery makes of a plugin folder.
    """
    real = os.path.realpath(folder)
    if real in above or (folder / "pyvenv.cfg").exists():
        return
    names = [one for one in names_in(folder) if not one.startswith(("_", ".")) and one != "tests"]
    paths = [folder / name for name in names]
    texts = {path: text_of(path) for path in paths if path.suffix == ".py" or is_package(path)}
    plugins = "plugins" in folder.name and any(
        declares(text) for path, text in texts.items() if path.name != MARTYCONF
    )
    for path in paths:
        text = texts.get(path)
        if text is None:
            if plugins and _holds_plugins(path):
                yield package(path)
            elif path.is_dir():
                yield from _below(path, (*above, real))
        # What is neither is a link that leads nowhere, or a device.
        elif plugins or declares(text) or not (path.is_file() or path.is_dir()):
            yield lone(path) if path.suffix == ".py" else package(path)
        elif path.name == MARTYCONF:
            yield lone(path)
        elif any(word in text for word in _WORDS):
            yield Unit("folder", files_of(path))


def _holds_plugins(folder: Path) -> bool:
    """Whether it is a package but for its `__init__.py`."""
    names = [name for name in names_in(folder) if name.endswith(".py") and name != MARTYCONF]
    return any(declares(text_of(folder / name)) for name in names)
