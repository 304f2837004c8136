"""Which of the management API's paths an application has itself, and keeps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from loguru import logger
from starlette.routing import Match

SILENT = ("/openapi.json",)
"""FastAPI has one of its own, of its own endpoints; nobody needs to be told."""
_NOWHERE = "/-/marty-asks-whether-you-take-everything"


def own_paths(app: object, paths: Iterable[str]) -> tuple[str, ...]:
    """Give those paths, names in braces, that a route of the application fully matches.

    A route that takes everything, as a mount at the root does, owns none of them. Of routes that
    are not Starlette's only the path itself is known, of an application without `routes` nothing.
    """
    every = _flat(getattr(app, "routes", ()))
    routes = [route for route in every if not _takes(route, _NOWHERE)]
    return tuple(path for path in paths if any(_takes(route, path) for route in routes))


def owned(app: object, paths: Iterable[str]) -> tuple[str, ...]:
    """Give the same, and say which paths the management API leaves to the application."""
    found = own_paths(app, paths)
    if told := [path for path in found if path not in SILENT]:
        logger.warning(
            "the application has {} itself, so the management API leaves it alone. Set"
            " `management.prefix` in the configuration to have both.",
            ", ".join(told),
        )
    return found


def _flat(routes: Iterable[Any]) -> Iterator[Any]:
    for route in routes:
        # FastAPI keeps an included router as one route, which would take what any of its own take.
        inner = getattr(route, "effective_candidates", None)
        if inner is None:
            yield route
        else:
            yield from _flat(inner())


def _takes(route: Any, path: str) -> bool:
    if not hasattr(route, "matches"):
        return getattr(route, "path", None) == path
    concrete = re.sub(r"\{\w+\}", "a-name", path)
    scope = {"type": "http", "path": concrete, "root_path": "", "headers": []}
    return any(
        route.matches({**scope, "method": method})[0] is Match.FULL for method in ("GET", "POST")
    )
