"""A project in a folder, with real plugin files and real installed distributions."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from marty_chassis.boundary import Faults
from marty_chassis.discovery import Candidate, Found, Place, discover, find_one, listing
from marty_chassis.settings import ChassisConfig

HOOK = """
    from marty_hookspecs import hookimpl

    @hookimpl
    def health_check():
        return {"healthy": True}
"""


def a_class(name: str, more: str = "") -> str:
    """A file with one plugin class."""
    return f"""
        from marty_hookspecs import PluginMetadata

        class Plugin:
            plugin_metadata = PluginMetadata(name={name!r}{more})
    """


def target(candidate: Candidate) -> Any:
    """What the candidate leads to, whatever that is."""
    return candidate.target


class Project:
    """A service's project: files, a configuration, and what is found in it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.faults = Faults()
        self.plugins: dict[str, Any] = {}
        self.more: dict[str, Any] = {}
        self._monkeypatch = monkeypatch

    def write(self, path: str, text: str | bytes = HOOK) -> Path:
        """Write a file, with the folders above it."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return file

    def install(
        self,
        name: str,
        entry_points: Mapping[str, str] | str,
        files: Mapping[str, str] | None = None,
        *,
        version: str = "1.0",
        site: str = "site",
        metadata: str | None = None,
    ) -> Path:
        """Install a distribution into a folder that is on `sys.path` from now on."""
        said = metadata or f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        points = (
            entry_points
            if isinstance(entry_points, str)
            else "[marty.plugins]\n" + "".join(f"{k} = {v}\n" for k, v in entry_points.items())
        )
        info = f"{site}/{name.replace('-', '_')}-{version}.dist-info"
        self.write(f"{info}/METADATA", said)
        self.write(f"{info}/entry_points.txt", points.encode())
        for path, text in (files or {}).items():
            self.write(f"{site}/{path}", text)
        if str(self.root / site) not in sys.path:
            self._monkeypatch.syspath_prepend(str(self.root / site))
        return self.root / info

    @property
    def config(self) -> ChassisConfig:
        """The configuration; its folder is the project's."""
        return ChassisConfig(plugins={"directories": ["plugins"], **self.plugins}, **self.more)

    def discover(
        self, *plugins: object, environ: Mapping[str, str] | None = None, **more: Any
    ) -> Found:
        """Find everything."""
        return discover(
            self.config, plugins=plugins, faults=self.faults, environ=environ or {}, **more
        )

    def find_one(self, name: str, **more: Any) -> Candidate | None:
        """Find one by name."""
        return find_one(self.config, name, faults=self.faults, environ={}, **more)

    def listing(self, environ: Mapping[str, str] | None = None, **more: Any) -> tuple[Place, ...]:
        """List places."""
        return listing(self.config, environ=environ or {}, **more)

    def only(self, **more: Any) -> Candidate:
        """Find everything, which is one candidate."""
        (candidate,) = self.discover(**more).candidates
        return candidate

    def shown(self, text: object) -> str:
        """The text without the temporary folder."""
        return str(text).replace(str(self.root), "/project")
