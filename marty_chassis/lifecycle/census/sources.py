"""The sources of one plugin: what in the process is its code, and which line of it does a thing."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING

from .difference import Place
from .libraries import is_library
from .source import Call, Source, Store

if TYPE_CHECKING:
    from marty_chassis.discovery.candidate import Candidate


class Sources:
    """All files of one plugin, in one generation or in several."""

    def __init__(self, files: Iterable[Source] = (), folders: Iterable[str] = ()) -> None:
        self.files = tuple(files)
        self.folders = frozenset(folders)
        """Where its own files lie, when all of them are; a module from there is its own."""

    # Whose it is ------------------------------------------------------------------------------

    def place_of(
        self, thing: object, otherwise: Callable[[], Place | None] = lambda: None
    ) -> Place | None:
        """Where a function, a class or an object of the plugin's is written; `None` for others'.

        `otherwise` is asked for things of libraries, which anybody can have brought.
        """
        codes = [*_codes(thing)]
        for code, module in codes:
            if self.owns(code):
                return place_of_code(code, module)
        if not codes:
            kind = thing if isinstance(thing, type) else type(thing)
            codes = [found for value in tuple(vars(kind).values()) for found in _codes(value)]
            if (place := self._place_of_class(kind, codes)) is not None:
                return place
        if all(is_library(code.co_filename) for code, _ in codes):
            return otherwise()
        return None

    def place_in(self, frames: Iterable[FrameType]) -> Place | None:
        """The line of the innermost of these frames, outermost first, that runs the plugin."""
        found = None
        for frame in frames:
            if self.owns(frame.f_code):
                module = str(frame.f_globals.get("__name__", ""))
                path = frame.f_code.co_filename
                found = Place(path, frame.f_lineno, _word(frame.f_code), module)
        return found

    def owns(self, code: CodeType) -> bool:
        """Whether a function is written here."""
        return any(file.owns(code) for file in self.files)

    # Which line does it -----------------------------------------------------------------------

    def call(
        self, names: Collection[str], of: Collection[str] = (), *, strictly: bool = False
    ) -> Place | None:
        """The first call of something called so, rather one that mentions one of the words `of`.

        `strictly`: one that mentions none is none.
        """
        return self.call_that(lambda call: call.last in names, of, strictly=strictly)

    def call_that(
        self,
        fits: Callable[[Call], bool],
        of: Collection[str] = (),
        *,
        strictly: bool = False,
    ) -> Place | None:
        """As `call`, for calls that fit."""
        first: Place | None = None
        for file in self.files:
            for call in file.calls:
                if fits(call):
                    if not call.words().isdisjoint(of):
                        return file.at(call.node)
                    first = first or file.at(call.node)
        return None if strictly else first

    @property
    def stores(self) -> Iterator[Store]:
        """Every attribute and item that is set or deleted."""
        return (store for file in self.files for store in file.stores)

    def store(self, fits: Callable[[Store], bool]) -> Place | None:
        """The first attribute or item that is set, or deleted, and fits."""
        for file in self.files:
            for store in file.stores:
                if fits(store):
                    return file.at(store.node)
        return None

    def refers_to(self, package: str) -> Place | None:
        """The first line that calls, or imports, something of a package."""
        return next((p for file in self.files if (p := file.refers_to(package))), None)

    def __add__(self, other: Sources) -> Sources:
        known = {(file.path, file.text) for file in self.files}
        new = (file for file in other.files if (file.path, file.text) not in known)
        return Sources((*self.files, *new), self.folders | other.folders)

    def _place_of_class(self, kind: type, codes: list[tuple[CodeType, str]]) -> Place | None:
        for code, module in codes:
            for file in self.files:
                if file.owns(code):
                    written = file.class_at(kind.__qualname__)
                    line = code.co_firstlineno if written is None else written.line
                    return Place(file.path, line, "", module)
        return None

    def __repr__(self) -> str:
        return f"<Sources {', '.join(file.path for file in self.files) or 'of nobody'}>"


def place_of_code(code: CodeType, module: str) -> Place:
    """Where a function begins."""
    return Place(code.co_filename, code.co_firstlineno, _word(code), module)


def sources_of(candidate: Candidate) -> Sources:
    """Give the sources of a plugin that was imported, as they run.

    All files of a plugin of files; of one that was given or is installed the class, and what it
    refers to in its module, and the modules of its package that it imports.
    """
    target = candidate.target
    if candidate.files:
        files = [Source(path, _text(path)) for path in candidate.files]
        private = candidate.room is not None
        return Sources(files, {str(Path(path).parent) for path in candidate.files if private})
    if isinstance(target, ModuleType):
        return Sources(_with_imports(target, None))
    codes = [*_codes(target)]
    if not codes:
        kind = target if isinstance(target, type) else type(target)
        own = [found for value in tuple(vars(kind).values()) for found in _codes(value)]
        codes = [found for found in own if found[1] == kind.__module__]
    if not codes or (module := sys.modules.get(codes[0][1])) is None:
        return Sources()
    return Sources(_with_imports(module, codes[0][0].co_firstlineno))


def _with_imports(module: ModuleType, within: int | None) -> list[Source]:
    """A module, and those of its own package that it imports."""
    package = module.__package__ or module.__name__
    found: dict[str, Source] = {}
    todo: list[tuple[ModuleType, int | None]] = [(module, within)]
    while todo:
        one, line = todo.pop()
        path = getattr(one, "__file__", None)
        if not isinstance(path, str) or path in found:
            continue
        found[path] = source = _source(path, _text(path), line)
        todo += [
            (other, None)
            for name in source.imported(one.__package__ or one.__name__)
            if f"{name}.".startswith(f"{package}.") and (other := sys.modules.get(name)) is not None
        ]
    return list(found.values())


# Many tests have plugins in one file, which is read once.
_source = lru_cache(maxsize=32)(Source)


def _text(path: str) -> str:
    return "".join(linecache.getlines(path))


def _codes(thing: object) -> Iterable[tuple[CodeType, str]]:
    """The code of a function, and of what it wraps, each with the name of its module."""
    for _ in range(10):
        if isinstance(thing, partial):
            thing = thing.func
        elif isinstance(thing, (MethodType, staticmethod, classmethod)):
            thing = thing.__func__
        elif isinstance(thing, property):
            thing = thing.fget
        elif isinstance(thing, FunctionType):
            yield thing.__code__, str(thing.__globals__.get("__name__", ""))
            wrapped = vars(thing).get("__wrapped__")
            if wrapped is None:
                return
            thing = wrapped
        else:
            return


def _word(code: CodeType) -> str:
    name = code.co_name
    return "" if name.startswith("<") and name != "<lambda>" else name.strip("<>")
