"""What was replaced in, or added to, the modules of others, and the classes in them.

Attributes of every module, and of every class in the module where it was defined, one level deep.
Of what was not there before nobody knows how it was: there only the plugin's own code is seen, where
a line of the plugin puts it. What hangs on objects, or is put into a list or a dictionary of somebody
else, is not seen.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from operator import is_
from types import ModuleType
from typing import Any

from .difference import Difference, Identity, Place
from .source import Call, Store
from .sources import Sources

Seen = list[tuple[str, Any, dict[str, Any]]]
"""Dotted name, module or class, its attributes as they were."""
_ABSENT = object()


def look() -> Seen:
    """Every attribute there is; takes some milliseconds."""
    seen: Seen = []
    for name, module in tuple(sys.modules.items()):
        if not isinstance(module, ModuleType):
            continue
        seen.append((name, module, attributes := vars(module).copy()))
        for value in attributes.values():
            if isinstance(value, type) and value.__module__ == name:
                dotted = f"{name}.{value.__qualname__}"
                # A class may lie about its namespace, so we ask the type.
                seen.append((dotted, value, type.__dict__["__dict__"].__get__(value).copy()))
    return seen


def left(before: Seen, sources: Sources) -> Iterator[Difference]:
    """Those that are the plugin's code now, or that a line of it has set."""
    for dotted, owner, then in before:
        now = vars(owner)
        if len(now) == len(then) and all(map(is_, now.values(), then.values())):
            continue
        if not isinstance(owner, type) and _is_own(owner, sources):
            continue
        for name in now.keys() | then.keys():
            value, was = now.get(name, _ABSENT), then.get(name, _ABSENT)
            if value is was:
                continue
            where = _where(owner, name, value, sources)
            if where is not None:
                yield _difference(dotted, name, value, _done(value, was), where)
    yield from _in_new_ones({id(owner) for _, owner, _ in before}, sources)


def _in_new_ones(known: set[int], sources: Sources) -> Iterator[Difference]:
    """In modules that were imported later, and their classes."""
    for holder, name in dict.fromkeys((store.base, store.name) for store in sources.stores):
        owner = _named(holder)
        if id(owner) in known or name is None:
            continue
        if isinstance(owner, ModuleType):
            module, dotted = owner, owner.__name__
        elif isinstance(owner, type) and owner.__module__ in sys.modules:
            module, dotted = (
                sys.modules[owner.__module__],
                f"{owner.__module__}.{owner.__qualname__}",
            )
        else:
            continue
        value = vars(owner).get(name, _ABSENT)
        where = sources.place_of(value)
        if where is not None and not _is_own(module, sources):
            yield _difference(dotted, name, value, "set", where)


def _difference(dotted: str, name: str, value: object, done: str, where: Place) -> Difference:
    return Difference(
        "patch",
        (dotted, name, Identity(value)),
        f"{dotted}.{name} was {done}",
        where,
        "Leave the modules of others as they are; what must be replaced is put back in `stop`, by a"
        ' plugin that says reload="exclusive".',
    )


def _is_own(module: ModuleType, sources: Sources) -> bool:
    return vars(module).get("__file__") in {file.path for file in sources.files}


def _done(value: object, was: object) -> str:
    return "added" if was is _ABSENT else "removed" if value is _ABSENT else "replaced"


def _where(owner: object, name: str, value: object, sources: Sources) -> Place | None:
    if isinstance(value, ModuleType) or (name.startswith("__") and isinstance(owner, ModuleType)):
        return None  # A submodule, and what Python itself notes.

    def sets(store: Store) -> bool:
        return store.name in (name, None) and _named(store.base) is owner

    def patches(call: Call) -> bool:
        if call.last == "setattr" or call.last == "delattr" or call.name.endswith("patch.object"):
            return bool(call.node.args) and name in call.words()
        return call.last == "patch" and any(word.endswith(f".{name}") for word in call.words())

    return (
        sources.place_of(value)
        or sources.store(sets)
        or sources.place_of(value, lambda: sources.call_that(patches))
    )


def _named(dotted: str) -> object:
    """What a dotted name leads to, without importing or computing anything."""
    parts = dotted.removesuffix("[]").removesuffix(".__dict__").split(".")
    for at in range(len(parts), 0, -1):
        found: Any = sys.modules.get(".".join(parts[:at]))
        if found is None:
            continue
        for part in parts[at:]:
            found = vars(found).get(part) if hasattr(found, "__dict__") else None
        return found
    return vars(sys.modules["builtins"]).get(parts[0]) if len(parts) == 1 else None
