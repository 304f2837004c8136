"""`sys.modules`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping

from marty_chassis.discovery.private import ROOT

from .difference import Difference, Place
from .source import Store
from .sources import Sources

INSTEAD = "Import what lies beside the plugin relatively: `from . import name`."


def look() -> Mapping[str, object]:
    """Every module by its name."""
    return dict(sys.modules)


def left(before: Mapping[str, object], sources: Sources) -> Iterator[Difference]:
    """Private modules of the plugin that did not leave with it, and what it has put there itself.

    A library that it was the first to import is no difference.
    """
    for name, module in look().items():
        if name in before and before[name] is module:
            continue
        said = "was replaced" if name in before else "is still there"
        put = _set(name, module, sources)
        where = put or (None if name in before else _own(name, module, sources))
        if where is not None:
            yield Difference(
                "module",
                name,
                f"the module {name!r} in sys.modules {said}",
                where,
                "Keep it as an attribute of the plugin." if put else INSTEAD,
                named=True,
            )


def _set(name: str, module: object, sources: Sources) -> Place | None:
    def sets(store: Store) -> bool:
        # What has been imported has a spec; what somebody made up has none.
        unspecified = store.name is None and getattr(module, "__spec__", None) is None
        return store.base == "sys.modules" and (store.name == name or unspecified)

    return sources.store(sets) or sources.call_that(
        lambda call: call.name in ("sys.modules.setdefault", "sys.modules.update"),
        {name},
        strictly=True,
    )


def _own(name: str, module: object, sources: Sources) -> Place | None:
    """Where a module is from that is of the plugin's own files."""
    path = getattr(module, "__file__", None)
    if not isinstance(path, str):
        return None
    if name.startswith(f"{ROOT}."):
        # While the private package itself is open, somebody needs what is in it.
        package = ".".join(name.split(".")[:2])
        is_left = package not in sys.modules and path in {file.path for file in sources.files}
        return Place(path, 1, module=name) if is_left else None
    if os.path.dirname(path) not in sources.folders:
        return None
    return sources.refers_to(name) or Place(path, 1, module=name)
