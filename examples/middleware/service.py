"""Existing ASGI middleware becomes plugins, from the configuration alone: CORS, GZip, OpenTelemetry.

Run it:
    python examples/middleware/service.py

Prints:
    access-control-allow-origin: https://shop.example
    content-encoding: gzip
    span: GET /catalogue/{page}
"""

from __future__ import annotations

from pathlib import Path

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from marty_chassis import create_app


async def catalogue(request: Request) -> PlainTextResponse:
    return PlainTextResponse("many words " * 200)


# Where spans go is the service's affair; a real one sends them to a collector.
spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)

app = create_app(
    Path(__file__).with_name("config.yaml"), routes=[Route("/catalogue/{page}", catalogue)]
)

if __name__ == "__main__":
    with TestClient(app) as client:
        answer = client.get("/catalogue/1", headers={"origin": "https://shop.example"})
    for name in ("access-control-allow-origin", "content-encoding"):
        print(f"{name}: {answer.headers[name]}")
    for span in spans.get_finished_spans():
        print("span:", span.name)
