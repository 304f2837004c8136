"""The section `plugins.request-tracing`."""

from __future__ import annotations

import re
from typing import Annotated, Final, Self

from pydantic import AfterValidator, model_validator
from pydantic_core import PydanticCustomError

from marty_chassis.settings import SettingsModel

_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_MEANING: Final = re.compile(
    # How a message is framed, and what becomes of the connection.
    r"connection|content-.*|expect|keep-alive|te|trailer|transfer-encoding|upgrade"
    # Who asks, whom, and what for.
    r"|accept|accept-.*|access-control-.*|authorization|cookie|forwarded|from|host|if-.*|origin"
    r"|proxy-.*|range|referer|sec-.*|user-agent|via|x-forwarded-.*"
    # What an answer is, and what may be done with it.
    r"|age|allow|alt-svc|cache-control|clear-site-data|date|etag|expires|last-modified|link"
    r"|location|pragma|refresh|retry-after|server|set-cookie|strict-transport-security|vary"
    r"|www-authenticate",
    re.IGNORECASE,
)


def _header(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise PydanticCustomError(
            "header", "must be a name that a header may have, as in X-Request-ID"
        )
    if _MEANING.fullmatch(value):
        raise PydanticCustomError(
            "header",
            "{name} means something else to clients, servers or proxies: choose a name of your"
            " own, as in X-Request-ID",
            {"name": value},
        )
    return value


HeaderName = Annotated[str, AfterValidator(_header)]
"""A name that a header may have, and that means nothing yet."""


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
