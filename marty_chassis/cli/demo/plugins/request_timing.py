"""Gives each request a correlation id, and each answer the time that it took."""

from __future__ import annotations

import time
import uuid

from pydantic import BaseModel

from marty_chassis.plugins import IMiddlewarePlugin, plugin
from marty_hookspecs import CallNext, Request, Response


class Settings(BaseModel):
    """The section `plugins.request-timing` of config.yaml."""

    correlation_header: str = "X-Correlation-ID"
    timing_header: str = "X-Processing-Time"


@plugin(
    name="request-timing",
    version="1.0.0",
    description="A correlation id for each request, the time for each answer",
    config_schema=Settings,
    failure_policy="open",  # nobody should lose an answer because a clock went wrong
)
class RequestTiming(IMiddlewarePlugin):
    """Stands around each request."""

    async def process_request(self, request: Request, call_next: CallNext) -> Response:
        names: Settings = self.context.plugin_config
        began = time.perf_counter()
        correlation_id = request.headers.get(names.correlation_header, str(uuid.uuid4()))
        request.headers[names.correlation_header] = correlation_id

        response = await call_next(request)

        took = (time.perf_counter() - began) * 1000
        response.headers[names.correlation_header] = correlation_id
        response.headers[names.timing_header] = f"{took:.2f} ms"
        return response

    def get_middleware_priority(self) -> int:
        return 10  # the lowest number is outermost
