"""Where a request goes: which lie below a path, and which route was found."""

from __future__ import annotations

from starlette.types import Scope


def route_path(scope: Scope) -> str:
    """The path that the application routes by: without the prefix it is mounted at."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if is_below(path, root) else path


def below(prefix: str, scope: Scope) -> bool:
    """Whether a request is for this path or for one below it."""
    return is_below(route_path(scope), prefix.rstrip("/"))


def is_below(path: str, prefix: str) -> bool:
    """Whether a path is the prefix or below it; `/adm` is not above `/admin`."""
    return f"{path}/".startswith(f"{prefix}/")


_ROUTING = ("route", "endpoint", "path_params", "root_path", "app_root_path")


def show_route(scope: Scope, around: Scope) -> None:
    """Let whoever stands around see where a router has led, though the application got a copy."""
    if scope is not around:
        around.update((key, scope[key]) for key in _ROUTING if key in scope)
