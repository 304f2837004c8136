"""Which requests lie below a path."""

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
