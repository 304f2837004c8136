"""The section `plugins.request-tracing`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from marty_chassis.settings import SettingsModel

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
"""A name that a header may have."""


class RequestTracingSettings(SettingsModel):
    """What a request is traced with."""

    correlation_header: HeaderName | None = "X-Correlation-ID"
    """header that brings the correlation id, to the application and back to the client; null for
    none: the id is in `request.state` and in log lines all the same"""
    timing_header: HeaderName | None = "X-Processing-Time"
    """header of the response with the seconds from the arrival of the request to the start of the
    response; null for none"""
    trust_incoming: bool = True
    """whether the correlation id and the trace that a client sends are taken over"""
    traceparent: bool = True
    """whether the application gets a `traceparent` that goes on with the trace, or begins one;
    otherwise the header passes as it came"""

    @model_validator(mode="after")
    def _headers_are_several(self) -> Self:
        names = [n.lower() for n in (self.correlation_header, self.timing_header) if n is not None]
        if len({*names, "traceparent", "tracestate"}) != len(names) + 2:
            raise PydanticCustomError(
                "header", "correlation_header and timing_header need names of their own"
            )
        return self
