"""Asking all handlers of one extension point, in a function made for its own signature.

Every caller is a plain loop over a tuple of steps: no task, no log line, no clock. What a function
with `*args` costs at each call (2.3 times the loop) is why the signature is generated, once for
each signature and type, never for a set of handlers.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from marty_hookspecs import ExtensionPointType, PointSpec

from .failures import Failures
from .generation import Lease
from .steps import Step, is_awaitable

_FILTER = """\
def make(_steps, _failed, _is_awaitable, _lease, _copied):
    async def {name}({signature}):
        _lease.count += 1
        try:
            for _call, _awaitable, _handler in _steps:
                try:
                    _answer = _call({arguments})
                    if _awaitable or (_answer is not None and _is_awaitable(_answer)):
                        _answer = await _answer
                    if _answer is not None:
                        {first} = _answer
                except BaseException as _error:
                    if _failed(_handler, _error):
                        raise
            return {first}
        finally:
            _lease.release()
    return {name}
"""

_LIST = """\
def make(_steps, _failed, _is_awaitable, _lease, _copied):
    async def {name}({signature}):
        _lease.count += 1
        _answers = []
        try:
            for _call, _awaitable, _handler in _steps:
                try:
                    _answer = _call({arguments})
                    if _awaitable or (_answer is not None and _is_awaitable(_answer)):
                        _answer = await _answer
                    {keep}
                except BaseException as _error:
                    if _failed(_handler, _error):
                        raise
            return {result}
        finally:
            _lease.release()
    return {name}
"""

_KEEP = {
    ExtensionPointType.ACTION: ("_answers.append(_answer)", "_answers"),
    ExtensionPointType.PROVIDER: (
        "if _answer is not None: _answers.append(_answer)",
        "_answers",
    ),
    ExtensionPointType.HOOK: ("pass", "None"),
}


def direct(
    spec: PointSpec[Any, Any],
    parameters: tuple[str, ...],
    steps: Sequence[Step],
    failures: Failures,
    lease: Lease,
) -> Callable[..., Any]:
    """Make the caller of a point without a deadline, of type FILTER, ACTION, HOOK or PROVIDER."""
    make = _maker(spec.hook, spec.type, parameters, spec.copy)
    caller: Callable[..., Any] = make(
        tuple(steps), failures.of(spec), is_awaitable, lease, copy.deepcopy
    )
    return caller


@lru_cache(maxsize=512)
def _maker(
    name: str, type: ExtensionPointType, parameters: tuple[str, ...], copies: bool
) -> Callable[..., Any]:
    """Compile the loop for one signature; keyed by names, so no plugin's code is kept."""
    given = [f"_copied({word})" if copies else word for word in parameters]
    template, (keep, result) = (
        (_FILTER, ("", "")) if type is ExtensionPointType.FILTER else (_LIST, _KEEP[type])
    )
    source = template.format(
        name=name,
        signature=", ".join(parameters),
        arguments=", ".join(given),
        first=parameters[0] if parameters else "_nothing",
        keep=keep,
        result=result,
    )
    space: dict[str, Callable[..., Any]] = {}
    exec(compile(source, f"<ask {name}>", "exec"), space)
    return space["make"]
