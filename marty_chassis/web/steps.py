"""The handlers of a request hook, ready to be called, and the requests that they are asked for."""

from __future__ import annotations

from typing import Any

from loguru import logger

from marty_chassis.hooks import Failures, Generation, Step, step

from .paths import below
from .timing import timed


def steps(generation: Generation, hook: str, failures: Failures) -> tuple[Step, ...]:
    """The handlers of a hook in the order of calling; wrappers mean nothing here and are named."""
    state = generation.points[hook]
    for handler in state.handlers:
        if handler.wrapper:
            logger.bind(plugin=handler.plugin).warning(
                "wrapper=True means nothing for {}: the handler is left out."
                " Write one that takes call_next, and await that.",
                state.spec.name,
            )
    found = (step(h, state.parameters) for h in state.handlers if not h.wrapper)
    return timed(found, generation, state, failures)


def applies(step: Step, connection: Any) -> bool:
    """Whether a handler is asked for this request: its scope is none, or above the path."""
    scope = step.handler.scope
    return scope is None or below(scope, connection.scope)
