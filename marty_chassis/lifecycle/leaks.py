"""Who holds what should be gone: a walk from it to something that everybody can find.

It looks through all objects of the process, several times: the service stands still meanwhile, for
some tens of milliseconds where it is small, and for about two seconds at most. For an operator who
has asked for it.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import (
    AsyncGeneratorType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    MethodType,
    ModuleType,
)

from .at_exit import registered
from .survivors import Survivor, Survivors

_DEPTH = 16
"""Steps away from what is held: from code to the logger that has a handler made of it are 11."""
_NEAR = 6
"""... where only modules are of interest: module, class, list, instance."""
_WIDTH = 500
"""Objects looked at in each step."""
_RUNS = (AsyncGeneratorType, CoroutineType, FrameType, GeneratorType)
_MOST = 3
"""Holders that are named for each thing."""
_SECONDS = 2.0
"""For all of them together; one step more is taken for each."""
_TOO_LONG = f"whoever it is was not found within {_SECONDS:g} s"


@dataclass(frozen=True, slots=True)
class Leak:
    """Something of a dropped generation that is alive after a full garbage collection."""

    generation: int
    what: str
    holders: tuple[str, ...]
    """The ways to it, from what is known by name: `logging.root > list > Audit`."""


def leaks(plugin: str, survivors: Survivors, *, briefly: bool = False) -> tuple[Leak, ...]:
    """Collect all garbage, then name the holders of what is left of a plugin's old generations.

    `briefly`: one thing of each generation, and one holder: who holds an instance holds its class.
    """
    gc.collect()
    alive = [survivor for survivor, _ in survivors.things(plugin)]
    if briefly:
        first = {one.generation: one for one in reversed(alive)}
        alive = [first[generation] for generation in sorted(first)]
    most, ends = 1 if briefly else _MOST, time.perf_counter() + _SECONDS
    return tuple(
        Leak(s.generation, s.what, _holders(s, plugin, survivors, most, ends)) for s in alive
    )


def _holders(
    survivor: Survivor, plugin: str, survivors: Survivors, most: int, ends: float
) -> tuple[str, ...]:
    for known, thing in survivors.things(plugin):
        if known == survivor:
            found = _ways(thing, most, ends)
            if not found and time.perf_counter() > ends:
                return (_TOO_LONG,)
            return tuple(found) or ("code outside of Python, or a function that runs",)
    return ()


def kept_in(thing: object) -> tuple[str, ...]:
    """The ways to it from modules alone, as `json.kept > list > Audit`; none without such a way."""
    return tuple(_ways(thing, _MOST, time.perf_counter() + _SECONDS, in_modules=True))


def _ways(thing: object, most: int, ends: float, *, in_modules: bool = False) -> list[str]:
    """Breadth first, against the direction of the references; `in_modules` passes by what runs."""
    way = {id(thing): _word(thing)}
    level = [thing]
    found: dict[str, None] = {}
    for _ in range(_NEAR if in_modules else _DEPTH):
        # All at once: each call looks through every object there is.
        above = gc.get_referrers(*level)
        ours = {id(level), id(above), id(way), id(found), id(sys._getframe())}
        below = {id(one) for one in level}
        level = []
        for holder in above[:_WIDTH]:
            if id(holder) in way or id(holder) in ours:
                continue
            if isinstance(holder, ModuleType):
                # What it has besides its names is C's. To ask `_asyncio` for it leaves Python 3.12.1 in
                # an endless loop at the next collection (python/cpython issue 122695).
                continue
            held = next((one for one in gc.get_referents(holder) if id(one) in below), None)
            if held is None:
                continue
            if in_modules and isinstance(holder, _RUNS):
                continue
            path = way[id(held)]
            if (root := _root(holder, held)) is not None:
                found[f"{root} > {path}" if path else root] = None
                continue
            word = _word(holder)
            way[id(holder)] = f"{word} > {path}" if word and path else word or path
            level.append(holder)
        if not level or len(found) >= most or time.perf_counter() > ends:
            break
    for callback in registered():
        if id(callback) in way:
            found[f"atexit > {way[id(callback)]}"] = None
    return list(found)[:most]


def _root(holder: object, held: object) -> str | None:
    """What a holder is called, where everybody can find it."""
    if isinstance(holder, FrameType):
        code = holder.f_code
        return f"the function {code.co_qualname} at {code.co_filename}:{holder.f_lineno}"
    if isinstance(holder, dict):
        name = holder.get("__name__")
        module = sys.modules.get(name) if isinstance(name, str) else None
        if module is not None and vars(module) is holder:
            return f"{name}.{_key(holder.items(), held)}"
    return None


def _key(items: Iterable[tuple[object, object]], held: object) -> str:
    return next((str(key) for key, value in items if value is held), "?")


def _word(thing: object) -> str:
    """One word for a step; nothing for what says nothing."""
    if isinstance(thing, (FunctionType, MethodType)):
        return f"{thing.__qualname__}()"
    if isinstance(thing, type):
        return thing.__qualname__
    if isinstance(thing, dict):
        return ""
    return type(thing).__qualname__
