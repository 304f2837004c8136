"""From a specification and its handlers to the one function that asks them all."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from marty_chassis.errors import HookFailed
from marty_hookspecs import ExtensionPointType, PointSpec

from .answers import Asking, by_position
from .around import Manners, chain
from .calls import direct
from .failures import Failed, Failures
from .generation import Lease
from .handler import Handler
from .steps import Step, is_awaitable, step


def planned(
    spec: PointSpec[Any, Any],
    parameters: tuple[str, ...],
    handlers: Sequence[Handler],
    failures: Failures,
    lease: Lease,
) -> Callable[..., Any]:
    """Give the caller of one point: a coroutine function with the specification's arguments."""
    steps = [step(h, parameters) for h in handlers if not h.wrapper]
    if spec.type is ExtensionPointType.AROUND:
        call = _around(spec, parameters, steps, failures, lease)
    elif spec.deadline is not None:
        asking = Asking(spec, parameters, steps, failures, lease)
        call = by_position(spec.hook, parameters, asking.combined)
    else:
        call = direct(spec, parameters, steps, failures, lease)
    wrappers = [step(h, parameters) for h in handlers if h.wrapper]
    return _wrapped(spec, parameters, call, wrappers, failures) if wrappers else call


def _around(
    spec: PointSpec[Any, Any],
    parameters: tuple[str, ...],
    steps: Sequence[Step],
    failures: Failures,
    lease: Lease,
) -> Callable[..., Any]:
    """The caller of a point whose last argument is `call_next`; without one, inside out."""

    async def nested(arguments: tuple[Any, ...]) -> Any:
        value, call_next = arguments
        raised: list[BaseException] = []

        async def innermost(value: Any) -> Any:
            try:
                return await call_next(value)
            except BaseException as error:
                raised.append(error)
                raise

        manners = Manners(
            theirs=lambda _, error: any(error is known for known in raised),
            accepts=lambda _: True,
        )
        with lease:
            return await chain(steps, innermost, spec, failures, manners)(value)

    async def inside_out(arguments: tuple[Any, ...]) -> Any:
        (value,) = arguments
        failed = failures.of(spec)
        with lease:
            for call, awaitable, handler in reversed(steps):
                try:
                    answer = call(value)
                    if awaitable or is_awaitable(answer):
                        answer = await answer
                except BaseException as error:
                    if failed(handler, error):
                        raise
                else:
                    value = value if answer is None else answer
        return value

    has_next = parameters[-1] == "call_next"
    return by_position(spec.hook, parameters, nested if has_next else inside_out)


def _wrapped(
    spec: PointSpec[Any, Any],
    parameters: tuple[str, ...],
    inner: Callable[..., Any],
    wrappers: Sequence[Step],
    failures: Failures,
) -> Callable[..., Any]:
    """Wrappers as pluggy has them, around asynchronous handlers: generators that yield once.

    As in pluggy a wrapper's return value replaces the result, and an exception of the calls inside
    is raised at its `yield`.
    """
    failed = failures.of(spec)

    async def call(arguments: tuple[Any, ...]) -> Any:
        entered: list[tuple[Handler, Generator[None, Any, Any]]] = []
        result: Any = None
        raised: BaseException | None = None
        try:
            for wrapper in wrappers:
                try:
                    generator = wrapper.call(*arguments)
                    next(generator)
                except BaseException as error:
                    raised = _judged(failed, wrapper.handler, error)
                    if raised is not None:
                        break
                else:
                    entered.append((wrapper.handler, generator))
            else:
                try:
                    result = await inner(*arguments)
                except BaseException as error:
                    raised = error
            for handler, generator in reversed(entered):
                result, raised = _left(failed, handler, generator, result, raised)
            if raised is not None:
                raise raised
            return result
        finally:
            raised = None  # A frame that holds its own exception is a cycle.

    return by_position(spec.hook, parameters, call)


def _left(
    failed: Failed,
    handler: Handler,
    generator: Generator[None, Any, Any],
    result: Any,
    raised: BaseException | None,
) -> tuple[Any, BaseException | None]:
    """Leave one wrapper; give the result and the exception that the next one out sees."""
    try:
        if raised is None:
            generator.send(result)
        else:
            generator.throw(raised)
        generator.close()
        raise RuntimeError("a hook wrapper must yield exactly once")
    except StopIteration as end:
        return end.value, None
    except BaseException as error:
        if error is raised:
            return result, raised
        return result, _judged(failed, handler, error) or raised


def _judged(failed: Failed, handler: Handler, error: BaseException) -> BaseException | None:
    """What a wrapper's error leaves to be raised: nothing where the policy contains it."""
    try:
        return error if failed(handler, error) else None
    except HookFailed as raising:
        return raising
