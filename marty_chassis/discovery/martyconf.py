"""`martyconf.py`, like `conftest.py`: plugins of a project that lie beside what they are for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from marty_chassis.boundary import Faults
from marty_chassis.discovery.candidate import Candidate, Source
from marty_chassis.discovery.declared import declared_scope, text_of
from marty_chassis.discovery.files import PluginFile
from marty_chassis.discovery.scan import MARTYCONF
from marty_chassis.errors import Problem


@dataclass(frozen=True, slots=True)
class Conf:
    """What a martyconf says."""

    path: str = ""
    candidates: tuple[Candidate, ...] = ()
    scope: str | None = None
    """The path below which its request hooks apply, and those of the plugins beside it."""
    wanted: tuple[str, ...] = ()
    """More plugins, by entry point or import name."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Martyconf(PluginFile):
    """One of them; nothing of it has been imported."""

    outermost: bool = True

    def read(self, faults: Faults) -> tuple[Candidate, ...]:
        """Import it, new, and give the plugins in it, with its scope."""
        return self.conf(faults).candidates

    def conf(self, faults: Faults) -> Conf:
        """Import it, new, and give all that it says."""
        path = self.source.place
        said: dict[str, object] = {}
        candidates = self.opened(faults, lambda module: said.update(_said(module)))
        scope, wrong_scope = _scope(said.get("scope", self._written_scope()))
        wanted, wrong_wanted = _wanted(said.get("marty_plugins", ()), outermost=self.outermost)
        problems = tuple(
            Problem("", message, path, hint) for message, hint in (*wrong_scope, *wrong_wanted)
        )
        if wrong_scope:
            # Where they would apply is not known, and everywhere is not what was meant.
            return Conf(
                path, tuple(c.stopped(str(problems[0])) for c in candidates), None, (), problems
            )
        return Conf(
            path, tuple(replace(c, scope=scope) for c in candidates), scope, wanted, problems
        )

    def unread(self) -> Conf:
        """Give what a disabled one says to those beside it, without importing it."""
        return Conf(self.source.place, scope=_scope(self._written_scope())[0])

    def _written_scope(self) -> str | None:
        return declared_scope(text_of(self.path))


def martyconfs(root: Path, service_folder: Path) -> Iterator[Martyconf]:
    """Give them from the root down to the service's folder, outer first.

    Where the service's folder is not below the root, there is only the root's.
    """
    folders = [root]
    top, end = os.path.realpath(root), os.path.realpath(service_folder)
    if end.startswith(top.rstrip(os.sep) + os.sep):
        for part in Path(end).relative_to(top).parts:
            folders.append(folders[-1] / part)
    outermost = True
    for depth, folder in enumerate(folders):
        path = folder / MARTYCONF
        if path.is_file():
            name = "-".join(("martyconf", *folder.relative_to(root).parts))
            yield Martyconf(Source("martyconf", str(path)), name, depth, outermost=outermost)
            outermost = False


def _said(module: ModuleType) -> dict[str, object]:
    return {key: vars(module)[key] for key in ("scope", "marty_plugins") if key in vars(module)}


Wrong = list[tuple[str, str]]


def _scope(said: object) -> tuple[str | None, Wrong]:
    if said is None:
        return None, []
    if not isinstance(said, str) or not said.startswith("/"):
        what = repr(said) if isinstance(said, str) else f"of type {type(said).__name__}"
        return None, [(f"scope is {what}", 'Write the beginning of a path: scope = "/api".')]
    return said.rstrip("/") or None, []


def _wanted(said: object, *, outermost: bool) -> tuple[tuple[str, ...], Wrong]:
    wanted = (said,) if isinstance(said, str) else said
    if not isinstance(wanted, tuple | list) or not all(isinstance(one, str) for one in wanted):
        hint = 'Write import names: marty_plugins = ("my_plugins.audit",).'
        return (), [(f"marty_plugins is of type {type(said).__name__}, no list of names", hint)]
    if wanted and not outermost:
        hint = "Write it into the outermost martyconf.py: what it names applies to all."
        return (), [("marty_plugins stands in an inner martyconf.py", hint)]
    return tuple(wanted), []
