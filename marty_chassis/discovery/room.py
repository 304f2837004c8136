"""A private package for one plugin file or package, in one generation.

Each file or package gets a package name of its own, `marty_plugins._<n>`, new whenever it is read.
So two files of one name never meet, an old generation stays whole beside the new one, and what a
file imports from its siblings (`from . import other`) is read anew with it. Two plugins of one
folder share nothing but what goes through the context.

`sys.path` is left alone.
"""

from __future__ import annotations

import importlib
import itertools
import re
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from marty_chassis.discovery.digests import combined, sha256
from marty_chassis.discovery.private import ROOT, open_package, source_spec
from marty_chassis.discovery.traces import Lines, forget, names_below

# sys.modules is one for the whole process, and so are the numbers in its names.
_numbers = itertools.count(1)


class Room:
    """The modules of one plugin file or package, and which plugins still need them."""

    __slots__ = ("_lines", "_read", "folder", "holders", "main", "package", "unit")

    def __init__(self, unit: Path) -> None:
        """Prepare for `unit`: a `.py` file, or the folder of a package."""
        self.unit = unit
        self.folder = unit.parent
        self.package = f"{ROOT}._{next(_numbers)}"
        stem = unit.stem if unit.suffix == ".py" else unit.name
        # A file may be called what no import statement could say.
        self.main = f"{self.package}." + re.sub(r"\W", "_", stem)
        self.holders: set[str] = set()
        self._read: dict[str, str] = {}
        self._lines = Lines()

    def load(self, modules: tuple[str, ...] = ()) -> list[ModuleType]:
        """Import the unit, and the modules below it; raises whatever they raise.

        After an error `close` takes out what was imported until then. A hanging import cannot be
        helped: nothing in Python can interrupt it.
        """
        open_package(self, self.folder)
        loaded = [importlib.import_module(self.main)]
        loaded += [importlib.import_module(f"{self.main}.{name}") for name in modules]
        self._lines.keep()
        return loaded

    def spec(self, fullname: str) -> ModuleSpec:
        """Give where a module of this package is from; raises `ModuleNotFoundError`."""
        if fullname == self.main:
            if self.unit.suffix == ".py":
                return source_spec(fullname, self.unit, self, is_package=False)
            base = self.unit
        elif fullname.startswith(f"{self.main}."):
            base = self.unit.joinpath(*fullname.removeprefix(f"{self.main}.").split("."))
        else:
            base = self.folder.joinpath(*fullname.removeprefix(f"{self.package}.").split("."))
        if (file := base / "__init__.py").is_file():
            return source_spec(fullname, file, self, is_package=True)
        if (file := base.with_name(f"{base.name}.py")).is_file():
            return source_spec(fullname, file, self, is_package=False)
        if base.is_dir():
            spec = ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = [str(base)]
            return spec
        raise ModuleNotFoundError(f"there is no {base.name}.py in {base.parent}", name=fullname)

    def note(self, path: str, data: bytes) -> None:
        """Take down a file whose bytes run here."""
        self._read[path] = sha256(data)
        self._lines.add(path, data)

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of all files that were read, siblings too."""
        return tuple(self._read)

    @property
    def digest(self) -> str | None:
        """The digest of all that was read."""
        return combined(self._read, self.folder)

    def modules(self) -> tuple[str, ...]:
        """The names in `sys.modules` that are of this package, as they are now."""
        return names_below(self.package)

    def leave(self, holder: str) -> None:
        """This plugin needs the modules no more; when none does, they go."""
        self.holders.discard(holder)
        if not self.holders:
            self.close()

    def close(self) -> None:
        """Take the modules out of `sys.modules`, and what they left in other tables."""
        forget(self.package)
        self._lines.drop()

    def __repr__(self) -> str:
        held = ", ".join(sorted(self.holders)) or "nobody"
        return f"<Room {self.package} of {self.unit}, held by {held}>"
