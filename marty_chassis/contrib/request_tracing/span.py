"""What OpenTelemetry knows of the request, where somebody has set it up; nothing is imported here.

The span is somebody else's (FastAPI's own, Starlette's middleware): here none is ever made.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from .traceparent import Traceparent

ATTRIBUTE: Final = "marty.correlation_id"
"""The attribute of the current span that holds the correlation id."""


def is_configured() -> bool:
    """Whether somebody has set up a tracer provider for the process."""
    trace = _trace()
    if trace is None:
        return False
    nothing = (trace.ProxyTracerProvider, trace.NoOpTracerProvider)
    return not isinstance(trace.get_tracer_provider(), nothing)


def current() -> Traceparent | None:
    """Give the current span, as a request that it sent would name it; None where there is none."""
    trace = _trace()
    if trace is None or not (known := trace.get_current_span().get_span_context()).is_valid:
        return None
    return Traceparent(f"{known.trace_id:032x}", f"{known.span_id:016x}", known.trace_flags)


def mark(correlation_id: str) -> None:
    """Write the correlation id to the current span, if it is kept."""
    trace = _trace()
    if trace is not None and (span := trace.get_current_span()).is_recording():
        span.set_attribute(ATTRIBUTE, correlation_id)


class SpanTraceId:
    """Prints as the trace id of the span that is current where it is printed.

    For log lines: the request's span may be begun further inside than the request is traced.
    """

    __slots__ = ("_otherwise",)

    def __init__(self, otherwise: str) -> None:
        self._otherwise = otherwise

    def __str__(self) -> str:
        span = current()
        return self._otherwise if span is None else span.trace_id

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    __repr__ = __str__


def _trace() -> Any:
    return sys.modules.get("opentelemetry.trace")
