"""The trace of a request, with and without OpenTelemetry: whose it is, and what the application gets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from loguru import logger
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from marty_chassis.plugins import IMiddlewarePlugin, plugin

from .conftest import Host, said

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
SENT = {"traceparent": PARENT, "tracestate": "vendor=1", "X-Correlation-ID": "theirs"}


async def headers(request: Request) -> JSONResponse:
    logger.info("in the application")
    return JSONResponse([list(pair) for pair in request.headers.items() if "trace" in pair[0]])


APP = Starlette(routes=[Route("/", headers)])


async def asked(traced: Host, sent: Any, **given: Any) -> dict[str, list[str]]:
    """The headers about traces that the application got."""
    async with traced(app=APP, **given) as host:
        found: dict[str, list[str]] = {}
        for name, value in (await host.client.get("/", headers=sent)).json():
            found.setdefault(name, []).append(value)
        return found


async def test_the_trace_of_the_client_goes_on_with_us_as_the_sender(traced: Host) -> None:
    got = await asked(traced, SENT)

    (parent,) = got["traceparent"]
    assert re.fullmatch(rf"00-{TRACE}-[0-9a-f]{{16}}-01", parent)
    assert parent != PARENT
    assert got["tracestate"] == ["vendor=1"]


@pytest.mark.parametrize(
    "sent",
    [
        [("traceparent", PARENT.upper()), ("tracestate", "vendor=1")],
        [("traceparent", PARENT), ("traceparent", PARENT), ("tracestate", "vendor=1")],
        [("tracestate", "vendor=1")],
        [],
    ],
)
async def test_a_trace_that_is_none_begins_anew_without_its_state(traced: Host, sent: Any) -> None:
    got = await asked(traced, sent)

    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-03", got.pop("traceparent")[0])
    assert got == {}


async def test_a_trace_of_somebody_who_is_not_trusted_begins_anew(traced: Host) -> None:
    got = await asked(traced, SENT, trust_incoming=False)

    assert TRACE not in str(got)
    assert "tracestate" not in got


async def test_where_it_is_not_ours_to_carry_the_header_passes_as_it_came(traced: Host) -> None:
    got = await asked(traced, SENT, traceparent=False)

    assert got == {"traceparent": [PARENT], "tracestate": ["vendor=1"]}


# With OpenTelemetry -----------------------------------------------------------------------------


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """OpenTelemetry, set up for this test alone: it has no door to take that back."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    yield kept
    provider.shutdown()


def the(spans: InMemorySpanExporter) -> ReadableSpan:
    (span,) = spans.get_finished_spans()
    return span


def ids(span: ReadableSpan) -> tuple[str, str]:
    assert span.context is not None
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"


@plugin(name="outer-span")
class OuterSpan(IMiddlewarePlugin):
    """The request's span, begun further out than the request is traced."""

    def wrap_app(self, app: ASGIApp) -> ASGIApp:
        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            with trace.get_tracer("test").start_as_current_span("outer"):
                await app(scope, receive, send)

        return wrapped

    def get_middleware_priority(self) -> int:
        return 1


async def test_the_trace_of_the_current_span_wins(
    traced: Host, spans: InMemorySpanExporter, lines: list[dict[str, Any]]
) -> None:
    got = await asked(traced, SENT, neighbours=[OuterSpan])

    trace_id, span_id = ids(the(spans))
    assert re.fullmatch(rf"00-{trace_id}-{span_id}-0[13]", got.pop("traceparent")[0])
    assert got == {}
    assert str(said(lines, "in the application")["trace_id"]) == trace_id != TRACE
    assert (the(spans).attributes or {})["marty.correlation_id"] == "theirs"


async def test_a_span_that_is_begun_inside_has_the_client_for_its_parent(
    traced: Host, spans: InMemorySpanExporter, lines: list[dict[str, Any]]
) -> None:
    pytest.importorskip("fastapi.telemetry", reason="a newer FastAPI begins spans itself")
    app = FastAPI()

    @app.get("/")
    async def home(request: Request) -> dict[str, str]:
        logger.info("in the application")
        return dict(request.headers)

    async with traced(app=app) as host:
        got = (await host.client.get("/", headers=SENT)).json()

    (span,) = [one for one in spans.get_finished_spans() if one.kind is trace.SpanKind.SERVER]
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert (got["traceparent"], got["tracestate"]) == (PARENT, "vendor=1")
    assert (span.attributes or {})["marty.correlation_id"] == "theirs"
    assert str(said(lines, "in the application")["trace_id"]) == TRACE == ids(span)[0]


async def test_a_span_that_begins_its_trace_inside_is_in_the_lines_from_then_on(
    traced: Host, spans: InMemorySpanExporter
) -> None:
    async def home(request: Request) -> PlainTextResponse:
        logger.info("before")
        with trace.get_tracer("test").start_as_current_span("inner"):
            logger.info("inside")
            assert "traceparent" not in request.headers
        return PlainTextResponse("")

    written: list[str] = []
    sink = logger.add(
        lambda line: written.append(str(line)),
        format="{message} {extra[trace_id]}",
        filter=lambda record: "trace_id" in record["extra"],
    )
    try:
        async with traced(app=Starlette(routes=[Route("/", home)])) as host:
            await host.client.get("/", headers={"traceparent": "00-nonsense"})
    finally:
        logger.remove(sink)

    assert written == ["before \n", f"inside {ids(the(spans))[0]}\n"]


async def test_no_span_is_ever_made(traced: Host, spans: InMemorySpanExporter) -> None:
    async with traced(app=APP) as host:
        await host.client.get("/", headers=SENT)

    assert spans.get_finished_spans() == ()


async def test_the_route_reaches_what_stands_further_out(
    traced: Host, spans: InMemorySpanExporter
) -> None:
    pytest.importorskip("starlette.middleware.opentelemetry", reason="a newer Starlette has it")
    settings = {
        "middleware": [{"use": "starlette.middleware.opentelemetry:OpenTelemetryMiddleware"}],
        "plugins": {"settings": {"open-telemetry-middleware": {"priority": 1}}},
    }

    async with traced(app=APP, settings=settings) as host:
        await host.client.get("/", headers=SENT)

    attributes = the(spans).attributes or {}
    assert attributes["http.route"] == "/"
    assert attributes["marty.correlation_id"] == "theirs"
    assert ids(the(spans))[0] == TRACE
