"""What a request's path asks for: nothing, a token, or a token with scopes.

A request is free only where every reading of its path is, and asks for a token, and for a scope,
where any reading does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from marty_chassis.web.paths import is_below, route_path

from .readings import readings


class Rules:
    """The paths of the section, ready to be asked about. They begin where the application does.

    paths, scopes: a path and everything below it, in any case of letters. exempt: one path each, as
    it is written; with `/*` at the end, everything below it.
    """

    def __init__(
        self,
        paths: Collection[str],
        exempt: Collection[str] = (),
        scopes: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self._paths = tuple(_prefix(path) for path in paths)
        self._exempt = frozenset(path for path in exempt if not path.endswith("*"))
        self._exempt_below = tuple(path[:-1] for path in exempt if path.endswith("*"))
        self._scopes = {_prefix(p): frozenset(needed) for p, needed in (scopes or {}).items()}
        self._all_scopes = frozenset().union(*self._scopes.values())
        self._alike = "" in self._paths and not (self._scopes or exempt)
        """Whether every path asks for the same."""

    def needed(self, scope: Mapping[str, Any]) -> frozenset[str] | None:
        """Give the scopes that a request needs, or None where it needs no token at all."""
        if self._alike:
            return frozenset()
        root = scope.get("root_path", "").rstrip("/")
        found = readings(scope)
        below = readings(_without_root(scope, root)) if root else found
        if found is None or below is None:
            return self._all_scopes
        below |= {route_path({"path": one, "root_path": root}) or "/" for one in found}
        if all(self._is_exempt(one) for one in below):
            return None
        seen = {_in_one_case(one) for one in (*found, *below, *(root + one for one in found))}
        scopes = [s for prefix, s in self._scopes.items() if _any_below(seen, prefix)]
        if scopes:
            return frozenset().union(*scopes)
        return frozenset() if any(_any_below(seen, prefix) for prefix in self._paths) else None

    def _is_exempt(self, path: str) -> bool:
        return path in self._exempt or path.startswith(self._exempt_below)

    def __repr__(self) -> str:
        return f"<Rules: {len(self._paths)} paths, {len(self._scopes)} with scopes>"


def _prefix(path: str) -> str:
    return _in_one_case(path.rstrip("/"))


def _in_one_case(path: str) -> str:
    """Without regard to case. An i without its dot, or with one more, is an i as `re` has it."""
    return path.upper().casefold().replace("\u0307", "")


def _without_root(scope: Mapping[str, Any], root: str) -> dict[str, Any]:
    """What applications read that just cut the prefix off, whatever follows it."""
    raw, before = scope.get("raw_path") or b"", root.encode()
    return {
        "path": scope["path"].removeprefix(root),
        "raw_path": raw.removeprefix(before) if raw.startswith(before) else None,
    }


def _any_below(paths: Iterable[str], prefix: str) -> bool:
    return any(is_below(path, prefix) for path in paths)
