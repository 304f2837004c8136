"""Environment variables."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from .difference import Difference, Place
from .source import Store
from .sources import Sources

_CHANGE = {f"os.environ.{one}" for one in ("setdefault", "update", "pop", "clear", "popitem")}


def look() -> Mapping[str, str]:
    """Every variable."""
    return dict(os.environ)


def left(before: Mapping[str, str], sources: Sources) -> Iterator[Difference]:
    """Those that the plugin has set, changed or removed; no value is shown."""
    now = look()
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) == now.get(name):
            continue
        where = _where(name, sources)
        if where is not None:
            said = "is gone" if name not in now else "was changed" if name in before else "was set"
            yield Difference(
                "environment",
                name,
                f"the environment variable {name} {said}",
                where,
                "It is everybody's: keep the value in the plugin, or give it to the process that"
                " needs it.",
                named=True,
            )


def _where(name: str, sources: Sources) -> Place | None:
    def sets(store: Store) -> bool:
        return store.base == "os.environ" and store.name in (name, None)

    return (
        sources.store(sets)
        or sources.call_that(lambda call: call.name in _CHANGE, {name}, strictly=True)
        or sources.call_that(lambda call: call.name == "os.environ.update" and not call.texts())
        or sources.call(("load_dotenv",))
    )
