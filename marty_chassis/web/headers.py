"""Headers that plugins set one by one and that are written once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders

Pairs = list[tuple[bytes, bytes]] | tuple[tuple[bytes, bytes], ...]


class CombinedHeaders(MutableHeaders, MutableMapping[str, str]):  # type: ignore[misc]
    """Starlette's `MutableHeaders` over a list that is never changed in place.

    Setting a header is one store in a dictionary; the new list is made when somebody wants it.
    Names are compared without regard to case, so that setting one leaves no other of that name.
    """

    def __init__(self, given: Iterable[tuple[bytes, bytes]]) -> None:
        # Not super's: it takes a list to be changed, which is what must not happen here.
        self._given = given
        self._set: dict[bytes, bytes] = {}
        self._own: list[tuple[bytes, bytes]] | None = None

    def rewritten(self) -> list[tuple[bytes, bytes]] | None:
        """All of them as a list, or `None` if they are as they were given."""
        if self._own is None and not self._set:
            return None
        return self._list

    def __setitem__(self, key: str, value: str) -> None:
        self._set[key.lower().encode("latin-1")] = value.encode("latin-1")

    def __getitem__(self, key: str) -> str:
        name = key.lower().encode("latin-1")
        value = self._set.get(name)
        if value is not None:
            return value.decode("latin-1")
        for known, value in self._known():
            if known.lower() == name:
                return value.decode("latin-1")
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str):
            return False
        name = key.lower().encode("latin-1")
        return name in self._set or any(known.lower() == name for known, _ in self._known())

    def __delitem__(self, key: str) -> None:
        if key in self:
            super().__delitem__(key)

    # Every other method of MutableHeaders reads and writes this list.
    @property
    def _list(self) -> list[tuple[bytes, bytes]]:  # type: ignore[override]
        if self._own is None or self._set:
            self._own = _combined(self._known(), self._set)
            self._set = {}
        return self._own

    def _known(self) -> Pairs:
        if self._own is not None:
            return self._own
        if not isinstance(self._given, (list, tuple)):
            # ASGI allows any iterable, and some can be read once only.
            self._given = list(self._given)
        return self._given


class HeadersOf:
    """An attribute `headers` that is made when first asked for, and then is as quick as any other.

    A property would be a call each time, and every plugin asks.
    """

    def __init__(self, given: Callable[[Any], Iterable[tuple[bytes, bytes]]]) -> None:
        self._given = given

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        # Beside the name that plugins use, one to tell whether they did.
        headers = instance.headers = instance.made_headers = CombinedHeaders(self._given(instance))
        return headers


def _combined(known: Pairs, new: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """The first header of a name that is set gets the new value, the others of it go."""
    combined = [(name, value) for given, value in known if (name := given.lower()) not in new]
    if len(combined) == len(known):
        combined.extend(new.items())
        return combined
    combined, left = [], dict(new)
    for given, value in known:
        name = given.lower()
        if name not in new:
            combined.append((name, value))
        elif name in left:
            combined.append((name, left.pop(name)))
    combined.extend(left.items())
    return combined
