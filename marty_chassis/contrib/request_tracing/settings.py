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
    """header of requests and responses with the correlation id; null for none"""
    timing_header: HeaderName | None = "X-Processing-Time"
    """header of responses with the seconds until they started; null for none"""
    trust_incoming: bool = True
    """whether the correlation id and the trace that a client sends are taken over"""
    traceparent: bool = True
    """whether a trace goes on with us, or begins; if not, its header passes as it came"""

    @model_validator(mode="after")
    def _headers_are_several(self) -> Self:
        names = [n.lower() for n in (self.correlation_header, self.timing_header) if n is not None]
        if len({*names, "traceparent", "tracestate"}) != len(names) + 2:
            raise PydanticCustomError(
                "header", "correlation_header and timing_header need names of their own"
            )
        return self
