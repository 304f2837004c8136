"""What a server does when it is called from within a request is not done inside of that request.

It may go on to the next one of the connection there (pipelining), or have its transport go on
reading: whatever asyncio starts then inherits the context, and with it the generation that is
pinned. The connection would keep that one for as long as it is open, whoever was replaced since.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")
V = TypeVar("V")


def outside(
    variable: ContextVar[V | None], call: Callable[..., Awaitable[T]]
) -> Callable[..., Awaitable[T]]:
    """Give the server's `receive` or `send`, called as if the variable had not been set."""
    return partial(_outside, variable, call)


async def _outside(variable: ContextVar[Any], call: Callable[..., Awaitable[T]], *given: Any) -> T:
    token = variable.set(None)
    try:
        return await call(*given)
    finally:
        variable.reset(token)
