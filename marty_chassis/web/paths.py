"""Where a request goes: which lie below a path, and which route was found."""

from __future__ import annotations

from starlette.types import Scope


def route_path(scope: Scope) -> str:
    """The path that the application routes by: without the prefix it is mounted at."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        return path[len(root) :]
    return path


def below(prefix: str, scope: Scope) -> bool:
    """Whether a request is for this path or for one below it; `/adm` is not above `/admin`."""
    prefix = prefix.rstrip("/")
    path = route_path(scope)
    return path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/")


_ROUTING = ("route", "endpoint", "path_params", "root_path", "app_root_path")


def show_route(scope: Scope, around: Scope) -> None:
    """Let whoever stands around see where a router has led, though the application got a copy."""
    if scope is not around:
        around.update((key, scope[key]) for key in _ROUTING if key in scope)
