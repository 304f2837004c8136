"""The correlation id and the time: what comes in, what the application sees, what goes out."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

from marty_chassis.contrib.request_tracing import RequestTracingSettings
from marty_chassis.contrib.request_tracing.arrival import Arrivals

from .conftest import Host


async def state(request: Request) -> JSONResponse:
    return JSONResponse(
        {"state": request.state.correlation_id, "header": request.headers.get("x-correlation-id")}
    )


async def own(request: Request) -> PlainTextResponse:
    return PlainTextResponse("", headers={"X-Correlation-ID": "mine", "X-Processing-Time": "0"})


async def stream(request: Request) -> StreamingResponse:
    async def pieces() -> Any:
        yield "one "
        yield request.state.correlation_id

    return StreamingResponse(pieces())


APP = Starlette(routes=[Route("/state", state), Route("/own", own), Route("/stream", stream)])


async def test_a_request_without_an_id_gets_one_that_everybody_sees(traced: Host) -> None:
    async with traced(app=APP) as host:
        answer = await host.client.get("/state")

        given = answer.headers["x-correlation-id"]
        assert str(uuid.UUID(given, version=4)) == given
        assert answer.json() == {"state": given, "header": given}


async def test_the_id_of_the_client_is_kept(traced: Host) -> None:
    async with traced(app=APP) as host:
        answer = await host.client.get("/state", headers={"X-Correlation-ID": "a.B-9_z"})

        assert answer.headers["x-correlation-id"] == "a.B-9_z"
        assert answer.json() == {"state": "a.B-9_z", "header": "a.B-9_z"}


@pytest.mark.parametrize(
    "sent", ["", "a b", "x" * 129, "né", "a\tb", 'a"', "<script>", "a,b", "{0}", "%0d%0a"]
)
async def test_an_id_that_is_none_is_replaced(traced: Host, sent: str) -> None:
    async with traced(app=APP) as host:
        headers = [(b"X-Correlation-ID", sent.encode("latin-1"))]
        answer = await host.client.get("/state", headers=headers)

        assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-correlation-id"])
        assert answer.json()["header"] == answer.headers["x-correlation-id"]


async def test_of_two_ids_none_is_believed(traced: Host) -> None:
    async with traced(app=APP) as host:
        headers = [("X-Correlation-ID", "one"), ("x-correlation-id", "two")]
        answer = await host.client.get("/state", headers=headers)

        assert re.fullmatch(r"[0-9a-f-]{36}", answer.json()["header"])


async def test_no_client_is_believed_where_none_is_to_be(traced: Host) -> None:
    async with traced(app=APP, trust_incoming=False) as host:
        answer = await host.client.get("/state", headers={"X-Correlation-ID": "theirs"})

        assert answer.json()["state"] == answer.headers["x-correlation-id"] != "theirs"


async def test_the_application_says_neither_the_id_nor_the_time_of_its_own(traced: Host) -> None:
    async with traced(app=APP) as host:
        answer = await host.client.get("/own", headers={"X-Correlation-ID": "theirs"})

        assert answer.headers.get_list("x-correlation-id") == ["theirs"]
        assert re.fullmatch(r"\d+\.\d{6}", answer.headers["x-processing-time"])
        assert len(answer.headers.get_list("x-processing-time")) == 1


async def test_headers_have_the_names_that_the_operator_gives_them(traced: Host) -> None:
    async with traced(app=APP, correlation_header="X-Request-Id", timing_header="X-Took") as host:
        answer = await host.client.get("/state", headers={"x-request-id": "theirs"})

        assert answer.headers["x-request-id"] == "theirs"
        assert float(answer.headers["x-took"]) > 0
        assert "x-correlation-id" not in answer.headers
        assert answer.json() == {"state": "theirs", "header": None}


async def test_without_headers_there_is_an_id_all_the_same(traced: Host) -> None:
    async with traced(app=APP, correlation_header=None, timing_header=None) as host:
        answer = await host.client.get("/state", headers={"X-Correlation-ID": "theirs"})

        assert answer.headers.keys() == {"content-length", "content-type"}
        assert re.fullmatch(r"[0-9a-f-]{36}", answer.json()["state"])
        assert answer.json()["header"] == "theirs", "it passes, as any header does"


async def test_a_stream_is_stamped_when_it_starts(traced: Host) -> None:
    async with traced(app=APP) as host:
        answer = await host.client.get("/stream")

        assert answer.text == f"one {answer.headers['x-correlation-id']}"


@given(st.lists(st.binary(max_size=200), max_size=3))
def test_whatever_a_client_sends_there_is_one_id_that_is_fit_for_headers_and_logs(
    sent: list[bytes],
) -> None:
    headers = [(b"x-correlation-id", value) for value in sent] + [(b"a", b"1")]

    arrival = Arrivals(RequestTracingSettings()).of(headers)

    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", arrival.correlation_id)
    ours = [value for name, value in arrival.headers if name == b"x-correlation-id"]
    assert ours == [arrival.correlation_id.encode()]
    assert (b"a", b"1") in arrival.headers


@pytest.mark.parametrize("key", ["correlation_header", "timing_header"])
@pytest.mark.parametrize(
    "name",
    [
        *("content-length", "Content-Type", "Transfer-Encoding", "connection", "host", "te"),
        *("trailer", "upgrade", "Authorization", "cookie", "Set-Cookie", "date", "sec-fetch-site"),
    ],
)
def test_a_header_that_means_something_is_refused_in_words(key: str, name: str) -> None:
    with pytest.raises(ValidationError, match=f"{name} means something else to clients"):
        RequestTracingSettings.model_validate({key: name})


@pytest.mark.parametrize(
    "name", ["X-Request-ID", "Request-Id", "X-Content-Length", "Server-Timing"]
)
def test_a_header_that_means_nothing_yet_is_taken(name: str) -> None:
    assert RequestTracingSettings(correlation_header=name).correlation_header == name


def test_a_name_that_no_header_has_is_refused_in_words() -> None:
    with pytest.raises(ValidationError, match="a name that a header may have, as in X-Request-ID"):
        RequestTracingSettings(timing_header="x y")


@pytest.mark.parametrize(
    "section",
    [
        {"correlation_header": "x y"},
        {"timing_header": ""},
        {"correlation_header": "traceparent"},
        {"correlation_header": "X-Same", "timing_header": "x-same"},
        {"trusted": True},
    ],
)
async def test_a_section_that_makes_no_sense_is_refused(
    traced: Host, section: dict[str, Any]
) -> None:
    with pytest.raises(AssertionError, match=r"plugins\.request-tracing"):
        async with traced(**section):
            pass
