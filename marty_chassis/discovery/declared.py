"""What a source text says about its plugins, as far as it can be seen without running it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from marty_chassis.discovery.metadata import spelled
from marty_chassis.discovery.scan import sources

_SAID: Final = re.compile(r"^[ \t]*@[\w.]*\bplugin\s*\(|\bPluginMetadata\s*\(", re.MULTILINE)
_NAMED: Final = re.compile(
    r"""\s*(?:name\s*=\s*)?(?P<quote>["'])(?P<name>[\w.-]+)(?P=quote)\s*[,)]"""
)
_HOOKIMPL: Final = re.compile(r"^@(?:[\w.]*\.)?hookimpl\b", re.MULTILINE)
_SCOPE: Final = re.compile(r"""^scope\s*(?::[^=\n]+)?=\s*(["'])(/[^"'\n]*)\1""", re.MULTILINE)


def declared_names(text: str, stem: str) -> tuple[str, ...]:
    """Give the folded names of the plugins that the text seems to hold; nothing when unsure.

    Good for knowing beforehand, and for saying what a broken file would have been.
    """
    names: dict[str, None] = {}
    said = list(_SAID.finditer(text))
    for one in said:
        named = _NAMED.match(text, one.end())
        if named is None:
            return ()
        names[spelled(named["name"])] = None
    if not said or (_HOOKIMPL.search(text) and "PluginMetadata" not in text):
        names[spelled(stem)] = None
    return tuple(names)


def declares(text: str) -> bool:
    """Whether the text seems to hold a plugin of its own, so that it is no mere helper."""
    return bool(_SAID.search(text) or _HOOKIMPL.search(text))


def declared_scope(text: str) -> str | None:
    """Give the `scope = "/path"` of a martyconf that could not be imported."""
    found = _SCOPE.search(text)
    return found[2] if found else None


def text_of(unit: Path) -> str:
    """Read a file, or the modules of a package, as well as can be; what cannot be read is empty."""
    try:
        return "\n".join(_read(path) for path in sources(unit))
    except OSError:
        return ""


def _read(path: Path) -> str:
    # Opening a pipe would wait for somebody to write.
    return path.read_text("utf-8", errors="replace") if path.is_file() else ""
