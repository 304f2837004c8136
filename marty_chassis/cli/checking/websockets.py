"""Middleware that sees requests and no websockets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from .finding import Finding
from .parts import Part
from .source import Source

_REQUESTS: Final = frozenset({"process_request", "middleware_process", "middleware_pre_request"})
_WEBSOCKETS: Final = frozenset(
    {"process_websocket", "middleware_websocket", "wrap_app", "web_wrap"}
)
"""What sees websockets, too."""


def check(source: Source) -> Iterator[Finding]:
    """Look at each class, and at the functions of the module."""
    outline = source.outline
    yield from _of(outline.functions.values(), "@hookimpl middleware_websocket", source)
    for one in outline.classes.values():
        if one.is_plugin and not one.opaque and not any(map(one.find, _WEBSOCKETS)):
            middleware = "IMiddlewarePlugin" in one.interfaces
            instead = "process_websocket" if middleware else "@hookimpl middleware_websocket"
            yield from _of(one.parts.values(), instead, source)


def _of(parts: Iterable[Part], instead: str, source: Source) -> Iterator[Finding]:
    by_name = {part.hook or (part.method and part.name) or "": part for part in parts}
    if _WEBSOCKETS & by_name.keys():
        return
    for name in sorted(_REQUESTS & by_name.keys())[:1]:
        part = by_name[name]
        yield source.finding(
            "no-websocket",
            part.node,
            f"websockets pass by {part.name!r}: what it refuses or adds, it does for HTTP alone",
            f"Write {instead}(websocket, call_next), which may close one instead of calling"
            " call_next. Where websockets are none of its business, say so:"
            " # marty: ignore[no-websocket].",
        )
