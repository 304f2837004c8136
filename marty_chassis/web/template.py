"""The name of a request: the route that answered it as it was written, and never its path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.routing import Mount
from starlette.types import Scope


def template(scope: Scope, path: str) -> str | None:
    """Give the route of a request that was served: `/users/{id}`, and `/files` for all of a mount.

    None where no route wanted it, or the framework does not say which one did.

    path: what `route_path` gave before any router had changed the scope. What stands before the
    route's own part of it belongs to mounts and included routers, and is given with the names of
    their parameters for the values. Where that cannot be told apart it is left out, so that no
    client makes up names.
    """
    route = scope.get("route")
    own = getattr(route, "path_format", None)
    if not isinstance(own, str):
        return None
    if isinstance(route, Mount):
        own = own.removesuffix("/{path}")
    params = scope.get("path_params") or {}
    return f"{_prefix(route, path, params)}{own}" or "/"


def _prefix(route: Any, path: str, params: Mapping[str, Any]) -> str:
    at: int | None = 0
    while at is not None:
        if _fits(route, path[at:], params):
            return _named(path[:at], {k: v for k, v in params.items() if not _has(route, k)})
        at = _next(path, at)
    return ""


def _next(path: str, at: int) -> int | None:
    """Where the next part of a path begins; its end is one, too."""
    if at == len(path):
        return None
    found = path.find("/", at + 1)
    return len(path) if found < 0 else found


def _fits(route: Any, rest: str, params: Mapping[str, Any]) -> bool:
    """Whether the route leads from this part of the path to these parameters."""
    found = route.path_regex.match(rest)
    return found is not None and all(
        route.param_convertors[name].convert(text) == params[name]
        for name, text in found.groupdict().items()
        if name in params
    )


def _has(route: Any, name: str) -> bool:
    return name in route.param_convertors


def _named(prefix: str, params: Mapping[str, Any]) -> str:
    """The prefix with `{name}` for each value; nothing where a value is not found."""
    parts = prefix.split("/")
    for name, value in params.items():
        if str(value) not in parts:
            return ""
        parts[parts.index(str(value))] = f"{{{name}}}"
    return "/".join(parts)
