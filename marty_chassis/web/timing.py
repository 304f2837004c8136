"""How long each plugin takes in requests, by itself; measured where somebody has arranged it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from time import perf_counter
from typing import Any

from marty_chassis.hooks import Failures, Generation, PointState, Step, is_awaitable
from marty_chassis.plugins.arrangement import ARRANGEMENT

Note = Callable[[float], None]
"""Takes seconds."""


def timed(
    steps: Iterable[Step], generation: Generation, state: PointState, failures: Failures
) -> tuple[Step, ...]:
    """Give the steps, each with a clock around it if the time in requests is to be measured."""
    if not generation.part(ARRANGEMENT).request_hooks:
        return tuple(steps)
    around = state.parameters[-1:] == ("call_next",)
    return tuple(_timed(step, state.spec.name, failures, around) for step in steps)


def _timed(step: Step, hook: str, failures: Failures, around: bool) -> Step:
    def note(seconds: float) -> None:
        failures.count(step.handler, hook, seconds)

    return Step((_outside if around else _alone)(step, note), True, step.handler)


def _alone(step: Step, note: Note) -> Callable[..., Awaitable[Any]]:
    call, awaitable, _ = step

    async def measured(*arguments: Any) -> Any:
        began = perf_counter()
        try:
            answer = call(*arguments)
            return await answer if awaitable or is_awaitable(answer) else answer
        finally:
            note(perf_counter() - began)

    return measured


def _outside(step: Step, note: Note) -> Callable[..., Awaitable[Any]]:
    """Without the time that the plugin waits for the rest of the request."""
    call, awaitable, _ = step

    async def measured(value: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        inside = 0.0

        async def rest(value: Any) -> Any:
            nonlocal inside
            entered = perf_counter()
            try:
                return await call_next(value)
            finally:
                inside += perf_counter() - entered

        began = perf_counter()
        try:
            answer = call(value, rest)
            return await answer if awaitable or is_awaitable(answer) else answer
        finally:
            # Somebody may wait for the rest twice at once.
            note(max(0.0, perf_counter() - began - inside))

    return measured
