"""Cancellations that do not get through: `except BaseException` around `call_next`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .finding import Finding
from .source import Source


def check(source: Source) -> Iterator[Finding]:
    """Look at every `try` that calls `call_next`."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Try) or not _calls_next(node.body):
            continue
        for handler in node.handlers:
            if _catches_all(handler, source) and not _raises(handler):
                caught = ast.unparse(handler.type) if handler.type else "everything"
                yield source.finding(
                    "swallows-cancellation",
                    handler,
                    f"catching {caught} here swallows the cancellation that ends a request: its"
                    " client has gone, and it runs on",
                    "Write except Exception, or raise again.",
                )


def _calls_next(body: list[ast.stmt]) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "call_next"
        for statement in body
        for node in ast.walk(statement)
    )


def _catches_all(handler: ast.ExceptHandler, source: Source) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(one is None or source.names.dotted(one) == "BaseException" for one in kinds)


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for part in handler.body for node in ast.walk(part))
