"""Which requests are the management API's, and which of its endpoints they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from marty_chassis.web.paths import is_below, route_path
from marty_hookspecs.web import Scope

from .endpoint import Endpoint
from .endpoints import ENDPOINTS

_NAME: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Place:
    """One path and what is there."""

    path: str
    """With the prefix, names in braces."""
    endpoints: Mapping[str, Endpoint]
    """By method."""
    values: Mapping[str, str]
    """What the request has in the places of the names."""

    def allows(self) -> str:
        """The header `Allow`."""
        here = {*self.endpoints, *(["HEAD"] if "GET" in self.endpoints else [])}
        return ", ".join(sorted(here))


class Paths:
    """The paths below one prefix.

    owned: paths that the application has itself, with the prefix, as `/health` or `/plugins/{name}`;
    what they name is left to it.
    """

    def __init__(self, prefix: str, owned: Iterable[str] = ()) -> None:
        self.prefix = prefix
        self._owned = frozenset(owned)
        by_path: dict[str, dict[str, Endpoint]] = {}
        for endpoint in ENDPOINTS:
            path = f"{prefix}{endpoint.path}"
            if path not in self._owned:
                by_path.setdefault(path, {})[endpoint.method] = endpoint
        self._table = [(path, _pattern(path), here) for path, here in by_path.items()]
        self._beginnings = tuple(
            {f"{prefix}/{path[len(prefix) :].split('/')[1]}" for path in by_path}
        )

    @property
    def all(self) -> tuple[str, ...]:
        """Every path, names in braces."""
        return tuple(path for path, _, _ in self._table)

    def answers(self, scope: Scope) -> bool:
        """Whether the request is for here. Below a prefix everything is, at the root our paths."""
        if scope["type"] != "http":
            return False
        path = route_path(scope)
        # Asked for each request of the application, so the cheap question comes first.
        if self.prefix:
            return is_below(path, self.prefix) and path not in self._owned
        return path.startswith(self._beginnings) and self.find(path) is not None

    def find(self, path: str) -> Place | None:
        """What is at a path, with the prefix."""
        if path in self._owned:
            return None
        for template, pattern, here in self._table:
            found = pattern.fullmatch(path)
            if found:
                names = _NAME.findall(template)
                return Place(template, here, dict(zip(names, found.groups(), strict=True)))
        return None

    def __repr__(self) -> str:
        return f"<Paths below {self.prefix or '/'}: {', '.join(self.all)}>"


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("([^/]+)".join(re.escape(part) for part in _NAME.split(path)[::2]))
