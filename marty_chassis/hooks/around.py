"""Handlers around one another: each gets a `call_next` that runs the rest.

A chain is built once, not for each call: what differs from call to call travels in the value that
is handed on. An error that the innermost callable raised is not the fault of the plugins it passes
through; an error of a plugin is reported by its own link and by no other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from marty_chassis.boundary import is_fault
from marty_chassis.errors import HookFailed
from marty_hookspecs import PointSpec

from .failures import Failures, hook_failed
from .steps import Step, is_awaitable

Next = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Manners:
    """What the owner of a chain knows and the chain does not."""

    theirs: Callable[[Any, BaseException], bool]
    """Whether an error is the innermost callable's own, given the value handed on."""
    accepts: Callable[[Any], bool]
    """Whether a handler's answer makes sense."""
    applies: Callable[[Step, Any], bool] = lambda step, value: True
    """Whether a handler with a scope is asked for this value."""


def chain(
    steps: Sequence[Step],
    innermost: Next,
    spec: PointSpec[Any, Any],
    failures: Failures,
    manners: Manners,
) -> Next:
    """Give the callable that runs all handlers around `innermost`, the first one outermost."""
    run = innermost
    for step in reversed(steps):
        link = _closed if step.handler.closed else _open
        run = link(step, run, spec, failures, manners)
        if step.handler.scope is not None:
            run = _scoped(step, run, run_without=_inner(run), manners=manners)
    return run


def _closed(
    step: Step, call_next: Next, spec: PointSpec[Any, Any], failures: Failures, manners: Manners
) -> Next:
    """A handler whose fault is the call's error."""
    call, awaitable, handler = step
    theirs, accepts = manners.theirs, manners.accepts

    async def link(value: Any) -> Any:
        try:
            answer = call(value, call_next)
            if awaitable or is_awaitable(answer):
                answer = await answer
            if accepts(answer):
                return answer
            # The application may be handling an error of its own, which has nothing to do with it.
            raise _nonsense(answer) from None
        except BaseException as error:
            if isinstance(error, HookFailed) or theirs(value, error) or not is_fault(error):
                raise
            fault = failures.report(handler, error, spec)
        # Outside of the handler: the plugin's exception is not even the context of this one.
        raise hook_failed(fault)

    link.call_next = call_next  # type: ignore[attr-defined]
    return link


def _open(
    step: Step, call_next: Next, spec: PointSpec[Any, Any], failures: Failures, manners: Manners
) -> Next:
    """A handler that is left out when it fails, and for a while when it keeps failing."""
    call, awaitable, handler = step
    theirs, accepts = manners.theirs, manners.accepts
    breaker = failures.breaker(handler)

    async def link(value: Any) -> Any:
        if not breaker.allows():
            return await call_next(value)
        rest = _Rest(call_next)
        try:
            answer = call(value, rest)
            if awaitable or is_awaitable(answer):
                answer = await answer
            if not accepts(answer):
                raise _nonsense(answer) from None
        except BaseException as error:
            if isinstance(error, HookFailed) or theirs(value, error) or not is_fault(error):
                raise
            failures.report(handler, error, spec)
            breaker.failed()
        else:
            breaker.succeeded()
            return answer
        return await rest.outcome(value)

    link.call_next = call_next  # type: ignore[attr-defined]
    return link


class _Rest:
    """The rest of the chain, run at most once more when its handler has failed."""

    __slots__ = ("_answer", "_call_next", "_called", "_error")

    def __init__(self, call_next: Next) -> None:
        self._call_next = call_next
        self._called = False
        self._answer: Any = None
        self._error: BaseException | None = None

    async def __call__(self, value: Any) -> Any:
        self._called, self._error = True, None
        try:
            self._answer = await self._call_next(value)
        except BaseException as error:
            self._error = error
            raise
        return self._answer

    async def outcome(self, value: Any) -> Any:
        """What the rest gave or raised; it runs now if the handler never came to it."""
        if not self._called:
            return await self._call_next(value)
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None
        return self._answer


def _scoped(step: Step, link: Next, *, run_without: Next, manners: Manners) -> Next:
    async def scoped(value: Any) -> Any:
        return await (link if manners.applies(step, value) else run_without)(value)

    return scoped


def _inner(link: Next) -> Next:
    inner: Next = link.call_next  # type: ignore[attr-defined]
    return inner


def _nonsense(answer: object) -> TypeError:
    return TypeError(
        f"it answered {type(answer).__name__}; return the response of `await call_next(...)`,"
        " or one of your own"
    )
