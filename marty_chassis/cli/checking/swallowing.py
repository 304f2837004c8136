"""Cancellations that do not get through: `except BaseException` around `call_next`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from .finding import Finding
from .source import Source

_CANCELLATIONS: Final = frozenset(
    {
        "BaseException",
        "anyio.get_cancelled_exc_class()",
        "asyncio.CancelledError",
        "asyncio.exceptions.CancelledError",
        "trio.Cancelled",
    }
)


def check(source: Source) -> Iterator[Finding]:
    """Look at every `try`, and every `suppress`, around `call_next`."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Try(body=body, handlers=handlers) if _calls_next(body):
                first = next((one for one in handlers if _catches_it(one.type, source)), None)
                if first is not None and not _raises(first):  # A later one gets to see nothing.
                    yield _swallowed(first, first.type, source)
            case ast.With(body=body, items=items) if _calls_next(body):
                for call in (item.context_expr for item in items):
                    for one in _suppressed(call, source):
                        if _catches_it(one, source):
                            yield _swallowed(call, one, source)


def _swallowed(at: ast.AST, caught: ast.expr | None, source: Source) -> Finding:
    return source.finding(
        "swallows-cancellation",
        at,
        f"catching {ast.unparse(caught) if caught else 'everything'} here swallows the cancellation"
        " that ends a request: its client has gone, and it runs on",
        "Catch Exception, or raise it again.",
    )


def _suppressed(call: ast.expr, source: Source) -> list[ast.expr]:
    suppresses = source.names.dotted(call) == "contextlib.suppress()"
    return call.args if suppresses and isinstance(call, ast.Call) else []


def _calls_next(body: list[ast.stmt]) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "call_next"
        for statement in body
        for node in ast.walk(statement)
    )


def _catches_it(kind: ast.expr | None, source: Source) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(one is None or source.names.dotted(one) in _CANCELLATIONS for one in kinds)


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for part in handler.body for node in ast.walk(part))
