"""Asking all handlers of one extension point, in a function made for its own signature.

Every caller is a plain loop over a tuple: no task, no log line, no clock. What a function with
`*args` costs at each call (2.3 times the loop) is why the signature is generated, once for each
signature and type, never for a set of handlers. Where every handler is known to be a coroutine
function the loop is over the functions alone; unpacking anything else costs a tenth of the call.
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

_FRAME = """\
def make(_steps, _owner, _failed, _is_awaitable, _lease, _copied):
    async def {name}({signature}):
        _lease.count += 1
        try:
            {before}
            for {step} in _steps:
                try:
                    {ask}
                    {keep}
                except BaseException as _error:
                    if _failed({owner}, _error):
                        raise
            return {result}
        finally:
            _lease.count -= 1
            if _lease.idle is not None:
                _lease.settled()
    return {name}
"""

_COROUTINES = {
    "step": "_call",
    "ask": "_answer = await _call({arguments})",
    "owner": "_owner[_call]",
}

_ANYTHING = {
    "step": "_call, _awaitable, _handler",
    "ask": """\
_answer = _call({arguments})
                    if _awaitable or (_answer is not None and _is_awaitable(_answer)):
                        _answer = await _answer""",
    "owner": "_handler",
}

_TYPES = {
    ExtensionPointType.FILTER: ("pass", "if _answer is not None: {first} = _answer", "{first}"),
    ExtensionPointType.ACTION: ("_answers = []", "_answers.append(_answer)", "_answers"),
    ExtensionPointType.PROVIDER: (
        "_answers = []",
        "if _answer is not None: _answers.append(_answer)",
        "_answers",
    ),
    ExtensionPointType.HOOK: ("pass", "pass", "None"),
}


def direct(
    spec: PointSpec[Any, Any],
    parameters: tuple[str, ...],
    steps: Sequence[Step],
    failures: Failures,
    lease: Lease,
) -> Callable[..., Any]:
    """Make the caller of a point without a deadline, of type FILTER, ACTION, HOOK or PROVIDER."""
    calls = tuple(step.call for step in steps if step.awaitable)
    coroutines = len(set(calls)) == len(steps)
    owner = dict(zip(calls, (step.handler for step in steps), strict=False)) if coroutines else {}
    # Plain tuples: unpacking a named one costs as much as a call.
    loop = calls if coroutines else tuple(tuple(step) for step in steps)
    make = _maker(spec.hook, spec.type, parameters, spec.copy, coroutines)
    caller: Callable[..., Any] = make(
        loop, owner, failures.of(spec), is_awaitable, lease, copy.deepcopy
    )
    return caller


@lru_cache(maxsize=512)
def _maker(
    name: str,
    type: ExtensionPointType,
    parameters: tuple[str, ...],
    copies: bool,
    coroutines: bool,
) -> Callable[..., Any]:
    """Compile the loop for one signature; keyed by names, so no plugin's code is kept."""
    kind = _COROUTINES if coroutines else _ANYTHING
    before, keep, result = (part.format(first=(*parameters, "_")[0]) for part in _TYPES[type])
    arguments = ", ".join(f"_copied({word})" if copies else word for word in parameters)
    source = _FRAME.format(
        name=name,
        signature=", ".join(parameters),
        before=before,
        step=kind["step"],
        ask=kind["ask"].format(arguments=arguments),
        keep=keep,
        owner=kind["owner"],
        result=result,
    )
    space: dict[str, Callable[..., Any]] = {}
    exec(compile(source, f"<ask {name}>", "exec"), space)
    return space["make"]
