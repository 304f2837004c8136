"""Modules under private names: the finder and the loader that serve them, from bytes read once."""

from __future__ import annotations

import io
import os
import stat
import sys
import tokenize
from collections.abc import Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final, Protocol

ROOT: Final = "marty_plugins"
"""What every private name begins with, so that `logging` can be set for all plugins at once."""


class Home(Protocol):
    """Whose modules they are."""

    package: str

    def spec(self, fullname: str) -> ModuleSpec:
        """Give where a module is from; raises `ModuleNotFoundError`."""
        ...

    def note(self, path: str, data: bytes) -> None:
        """Take down what was read."""
        ...


def open_package(home: Home, folder: Path) -> None:
    """Put the private package into `sys.modules`; its modules are found from then on."""
    if Finder not in sys.meta_path:
        sys.meta_path.insert(0, Finder)
    # pickle asks for the root. A distribution that has this name keeps it.
    if ROOT not in sys.modules and find_spec(ROOT) is None:
        sys.modules[ROOT] = module_from_spec(ModuleSpec(ROOT, None, is_package=True))
    spec = ModuleSpec(home.package, Door(home), origin=str(folder), is_package=True)
    spec.submodule_search_locations = [str(folder)]
    sys.modules[home.package] = module_from_spec(spec)


def source_spec(fullname: str, path: Path, home: Home, *, is_package: bool) -> ModuleSpec:
    """Give the spec of a module that is made of this file."""
    loader = PrivateSource(fullname, path, home)
    spec = ModuleSpec(fullname, loader, origin=loader.path, is_package=is_package)
    # That is what gives a module its __file__.
    spec.has_location = True
    if is_package:
        spec.submodule_search_locations = [str(path.parent)]
    return spec


class Finder:
    """Finds modules below private packages and nothing else; it holds no state."""

    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Give the spec of a private module. Raises for one that is not there.

        Python's own finders would come next, and read bytecode caches.
        """
        root, _, rest = fullname.partition(".")
        number, _, name = rest.partition(".")
        if root != ROOT or not name:
            return None
        door = getattr(sys.modules.get(f"{root}.{number}"), "__loader__", None)
        return door.home.spec(fullname) if isinstance(door, Door) else None


class Door(Loader):
    """The loader of a private package, which has no code; it leads to whose it is."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to execute."""


class PrivateSource(SourceFileLoader):
    """Compiles a file from its bytes, read once; knows no bytecode caches."""

    def __init__(self, fullname: str, path: Path, home: Home) -> None:
        super().__init__(fullname, os.fspath(path))
        self._home = home
        self._data: bytes | None = None

    def get_code(self, fullname: str) -> CodeType:
        """Read and compile; raises `OSError`, `SyntaxError` and whatever the compiler raises."""
        path = Path(self.path)
        self._data = data = read_source(path)
        code = self.source_to_code(data, self.path)
        self._home.note(self.path, data)
        return code

    def get_data(self, path: str | bytes | os.PathLike[str]) -> bytes:
        """Give the bytes that run, or those of another file."""
        if path == self.path and self._data is not None:
            return self._data
        return super().get_data(path)  # type: ignore[arg-type]  # typeshed: str alone


def read_source(path: Path) -> bytes:
    """Read a Python file; raises `OSError`, and `SyntaxError` for what is not text."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        # Opening a pipe would wait for somebody to write.
        raise OSError(f"{path} is not a regular file")
    with io.open_code(str(path)) as file:
        data = file.read()
    try:
        data.decode()
    except UnicodeDecodeError as error:
        if not _says_its_encoding(data):
            what = f"not UTF-8: byte 0x{data[error.start]:02x}"
            raise _no_source(what, path, data, error.start) from None
    if b"\0" in data:
        raise _no_source("null bytes: this is no Python source", path, data, data.index(b"\0"))
    return data


def _says_its_encoding(data: bytes) -> bool:
    """Whether it has a `# coding:` line, which is Python's own to judge."""
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0] != "utf-8"
    except SyntaxError:
        return False


def _no_source(what: str, path: Path, data: bytes, at: int) -> SyntaxError:
    return SyntaxError(what, (str(path), data.count(b"\n", 0, at) + 1, None, None))
