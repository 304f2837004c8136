"""`middleware:` of the configuration: existing ASGI middleware becomes a plugin, in its order."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from marty_chassis import create_app
from marty_chassis.errors import InvalidConfiguration
from marty_hookspecs import hookimpl

from .nasty import pieces
from .serving import BEARER, TOKEN

CONFIG = f"""
service: {{advertise: "test:80"}}
management: {{token: {TOKEN}}}
middleware:
"""


@pytest.fixture
def write(folder: Path) -> Callable[[str], Path]:
    """Write the configuration with these entries of `middleware`."""

    def written(entries: str) -> Path:
        path = folder / "config.yaml"
        path.write_text(CONFIG + entries)
        return path

    return written


async def long(request: Any) -> PlainTextResponse:
    return PlainTextResponse("word " * 500)


async def stream(request: Any) -> StreamingResponse:
    return StreamingResponse(pieces(), media_type="text/plain")


async def broken(request: Any) -> PlainTextResponse:
    raise RuntimeError("no handler knows this")


ROUTES = [Route("/long/{which}", long), Route("/stream", stream), Route("/broken", broken)]


def test_gzip_compresses_whole_and_streamed_answers(write, serving) -> None:
    config = write(
        "  - {use: 'starlette.middleware.gzip:GZipMiddleware', options: {minimum_size: 9}}"
    )
    address = serving(create_app(config, routes=ROUTES))

    asked = "Host: test\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n"
    whole = address.raw(f"GET /long/1 HTTP/1.1\r\n{asked}".encode())
    with address.client() as client:
        streamed = client.get("/stream")
        plain = client.get("/long/1", headers={"accept-encoding": "identity"})

    head, _, body = whole.partition(b"\r\n\r\n")
    assert b"content-encoding: gzip" in head
    assert gzip.decompress(body) == b"word " * 500
    assert streamed.headers["content-encoding"] == "gzip"
    assert streamed.text.startswith("0 nobody")
    assert "content-encoding" not in plain.headers


def test_cors_answers_preflights_and_marks_answers(write) -> None:
    config = write(
        "  - use: starlette.middleware.cors:CORSMiddleware\n"
        "    options: {allow_origins: ['https://shop.example'], allow_methods: [PUT]}\n"
    )
    origin = {"origin": "https://shop.example"}

    with TestClient(create_app(config, routes=ROUTES)) as client:
        preflight = client.options(
            "/nowhere", headers={**origin, "access-control-request-method": "PUT"}
        )
        answer = client.get("/long/1", headers=origin)
        foreign = client.get("/long/1", headers={"origin": "https://evil.example"})

    assert preflight.headers["access-control-allow-methods"] == "PUT"
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-origin" not in foreign.headers


@pytest.fixture
def spans(monkeypatch) -> InMemorySpanExporter:
    """What a provider of this test alone has recorded."""
    pytest.importorskip("starlette.middleware.opentelemetry")
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    return exporter


def test_starlettes_opentelemetry_makes_a_span_for_each_request(write, spans) -> None:
    config = write("  - {use: 'starlette.middleware.opentelemetry:OpenTelemetryMiddleware'}")
    app = create_app(config, routes=ROUTES)

    with TestClient(app, raise_server_exceptions=False, headers=BEARER) as client:
        client.get(
            "/long/1",
            headers={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
        )
        client.get("/broken")
        client.get("/plugins/status")

    first, second = spans.get_finished_spans()
    assert first.name == "GET /long/{which}"
    assert first.attributes["http.response.status_code"] == 200
    assert f"{first.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert second.attributes["http.response.status_code"] == 500


def test_a_span_is_current_in_the_application_and_in_plugins(write, spans) -> None:
    seen: list[int] = []

    class Looks:
        @hookimpl
        async def middleware_process(self, request: Any, call_next: Any) -> Any:
            seen.append(trace.get_current_span().get_span_context().span_id)
            return await call_next(request)

    async def looks(request: Any) -> PlainTextResponse:
        seen.append(trace.get_current_span().get_span_context().span_id)
        return PlainTextResponse("seen")

    config = write("  - {use: 'starlette.middleware.opentelemetry:OpenTelemetryMiddleware'}")

    with TestClient(create_app(config, routes=[Route("/", looks)], plugins=[Looks()])) as client:
        client.get("/")

    (span,) = spans.get_finished_spans()
    assert seen == [span.context.span_id] * 2


class Mark:
    """Writes its word into the answer's headers on the way out, so the innermost is first."""

    def __init__(self, app: Any, word: str) -> None:
        self.app = app
        self.word = word

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def marked(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-mark", self.word.encode())]
            await send(message)

        await self.app(scope, receive, marked)


MARK = f"{Mark.__module__}:Mark"


def test_the_first_one_is_outermost(write) -> None:
    config = write(
        f"  - {{use: '{MARK}', options: {{word: outer}}}}\n"
        f"  - {{use: '{MARK}', options: {{word: middle}}, name: named}}\n"
        f"  - {{use: '{MARK}', options: {{word: inner}}}}\n"
    )

    with TestClient(create_app(config, routes=ROUTES), headers=BEARER) as client:
        marks = client.get("/long/1").headers.get_list("x-mark")
        names = [one["name"] for one in client.get("/plugins/status").json()["plugins"]]

    assert marks == ["inner", "middle", "outer"]
    assert sorted(names) == ["mark", "mark-2", "named"]


def test_the_operator_may_order_and_disable_them_as_plugins(write) -> None:
    config = write(
        f"  - {{use: '{MARK}', options: {{word: a}}, name: a}}\n"
        f"  - {{use: '{MARK}', options: {{word: b}}, name: b}}\n"
        f"  - {{use: '{MARK}', options: {{word: c}}, name: c}}\n"
        "plugins:\n  settings:\n    a: {priority: 500}\n    b: {enabled: false}\n"
    )

    with TestClient(create_app(config, routes=ROUTES), headers=BEARER) as client:
        marks = client.get("/long/1").headers.get_list("x-mark")
        client.post("/plugins/c/disable?force=true")
        without = client.get("/long/1").status_code

    assert marks == ["a", "c"]
    assert without == 503


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{use: 'starlette.middleware.gzip:GzipMiddleware'}", "Did you mean 'GZipMiddleware'"),
        ("{use: 'starlette.middleware.nowhere:It'}", "there is no module"),
        ("{use: 'json:decoder'}", "cannot be called"),
    ],
)
def test_what_cannot_be_imported_is_an_error_with_its_place(write, entry, words) -> None:
    config = write(f"  - {entry}\n")

    with pytest.raises(InvalidConfiguration) as error:
        create_app(config)

    (problem,) = error.value.problems
    assert problem.place.endswith("config.yaml:5:11")
    assert words in str(problem)


def test_a_form_that_is_wrong_is_an_error_with_its_place(write) -> None:
    config = write("  - {use: 'starlette.middleware.gzip'}\n")

    with pytest.raises(InvalidConfiguration) as error:
        create_app(config)

    assert "config.yaml:5:11 middleware.0.use" in str(error.value)


def test_all_that_cannot_be_used_is_said_at_once(write) -> None:
    config = write("  - {use: 'nowhere:It'}\n  - {use: 'json:decoder'}\n")

    with pytest.raises(InvalidConfiguration) as error:
        create_app(config)

    assert [one.path for one in error.value.problems] == ["middleware.0.use", "middleware.1.use"]


def test_options_that_do_not_fit_stop_it_and_say_so(write) -> None:
    config = write("  - {use: 'starlette.middleware.gzip:GZipMiddleware', options: {size: 9}}\n")

    with TestClient(create_app(config, routes=ROUTES), headers=BEARER) as client:
        answer = client.get("/plugins/gzipmiddleware").json()

    assert answer["state"] == "error"
    assert "size" in answer["reason"]
