"""Real applications behind ten plugins that do nothing answer byte for byte what they answer bare."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from marty_chassis import Chassis

from . import idle
from .nasty import fastapi_app, litestar_app, starlette_app
from .serving import Address, served

FRAMEWORKS: dict[str, Callable[..., Any]] = {
    "starlette": starlette_app,
    "fastapi": fastapi_app,
    "litestar": lambda journal, folder: litestar_app(journal),
}


class Two:
    """The same application twice, bare and behind plugins, each on a real server."""

    def __init__(
        self, bare: Address, wrapped: Address, journals: tuple[list[str], list[str]]
    ) -> None:
        self.bare = bare
        self.wrapped = wrapped
        self.journals = journals

    def same(self, request: bytes) -> bytes:
        first, second = self.bare.raw(request), self.wrapped.raw(request)
        assert second.replace(b"%d" % self.wrapped.port, b"%d" % self.bare.port) == first
        return first


@pytest.fixture(scope="module", params=["h11", "httptools"])
def http(request):
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture(scope="module", params=list(FRAMEWORKS))
def two(request, http, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    (folder / "page.txt").write_text("a page of text\n" * 100)
    make = FRAMEWORKS[request.param]
    bare: list[str] = []
    wrapped: list[str] = []
    chassis = Chassis(plugins=idle.ten())
    with (
        served(make(bare, folder), http=http) as first,
        served(chassis.wrap(make(wrapped, folder)), http=http) as second,
    ):
        yield Two(first, second, (bare, wrapped))
    assert bare[0] == wrapped[0] == "up"
    assert bare[-1] == wrapped[-1] == "down"
    assert chassis.pending() == {}


def http_request(line: str, *headers: str, body: bytes = b"") -> bytes:
    head = "\r\n".join([f"{line} HTTP/1.1", "Host: test", "Connection: close", *headers])
    return f"{head}\r\n\r\n".encode() + body


REQUESTS = {
    "a plain answer with two cookies": http_request("GET /json?number=7"),
    "HEAD": http_request("HEAD /json"),
    "a query that does not fit": http_request("GET /json?number=seven"),
    "a stream": http_request("GET /stream"),
    "a stream, compressed by the application": http_request("GET /stream", "Accept-Encoding: gzip"),
    "HTTP 1.0": b"GET /stream HTTP/1.0\r\nHost: test\r\n\r\n",
    "an answer that breaks off": http_request("GET /half"),
    "an upload": http_request("POST /upload", "Content-Length: 5", body=b"hello"),
    "a big upload": http_request(
        "POST /upload", "Content-Length: 3000000", body=b"0123456789" * 300_000
    ),
    "a chunked upload": http_request(
        "POST /upload", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    ),
    "an upload that nobody reads": http_request(
        "POST /ignores", "Content-Length: 20000", body=b"x" * 20_000
    ),
    "100-continue": http_request(
        "POST /upload", "Expect: 100-continue", "Content-Length: 5", body=b"hello"
    ),
    "304": http_request("GET /unmodified", 'If-None-Match: "v1"'),
    "204": http_request("GET /empty"),
    "a redirect": http_request("GET /away"),
    "a file": http_request("GET /files/page.txt"),
    "a range of a file": http_request("GET /files/page.txt", "Range: bytes=2-9"),
    "a file that is not there": http_request("GET /files/none.txt"),
    "a file through its endpoint": http_request("GET /file", "Range: bytes=2-9"),
    "a mount": http_request("GET /sub/where/"),
    "a slash that is missing": http_request("GET /sub/where"),
    "a dependency": http_request("GET /session"),
    "a dependency and an error": http_request("GET /forbidden"),
    "an error that nobody handles": http_request("GET /broken"),
    "an error with a handler": http_request("GET /teapot"),
    "a path that is not there": http_request("GET /nothing"),
    "a method that is not there": http_request("DELETE /json"),
    "a path in escapes": http_request("GET /%6Ason"),
    "two requests in one connection": (
        b"GET /json HTTP/1.1\r\nHost: test\r\n\r\n" + http_request("GET /stream")
    ),
    "the documentation": http_request("GET /openapi.json"),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_the_bytes_are_the_same(two, request_) -> None:
    answer = two.same(request_)

    assert answer.startswith(b"HTTP/1.1 ")


def test_the_task_in_the_background_runs(two) -> None:
    answer = two.same(http_request("GET /background"))

    assert b"later" in answer
    assert eventually(lambda: all("background" in " ".join(told) for told in two.journals))
    assert inner(two.journals[0]) == inner(two.journals[1])


def test_an_application_learns_that_its_reader_has_left(two) -> None:
    for address, journal in zip((two.bare, two.wrapped), two.journals, strict=True):
        before = journal.count("the client left")

        with address.connect() as connection:
            connection.sendall(http_request("GET /sse"))
            received = b""
            while b"data: tick" not in received:
                received += connection.recv(4096)

        assert eventually(partial(left, journal, before))


def test_a_websocket_is_the_same(two) -> None:
    first, second = (conversation(address) for address in (two.bare, two.wrapped))

    assert first == second
    assert first[1:] == ["echo", "olleh", "tfel", 4000, "bye"]


@pytest.mark.parametrize("path", ["/no-entry", "/nothing", "/json"])
def test_a_websocket_that_is_refused_is_refused_the_same(two, path) -> None:
    answers = []
    for address in (two.bare, two.wrapped):
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://127.0.0.1:{address.port}{path}")
        response = refused.value.response
        answers.append((response.status_code, [*response.headers.keys()], response.body))

    assert answers[0] == answers[1]


def conversation(address: Address) -> list[object]:
    said: list[object] = []
    with connect(
        f"ws://127.0.0.1:{address.port}/echo", subprotocols=[Subprotocol("echo")]
    ) as websocket:
        assert websocket.response is not None
        said += [websocket.response.headers.get("x-greeting"), websocket.subprotocol]
        for word in ("hello", "left"):
            websocket.send(word)
            said.append(websocket.recv(timeout=2))
        websocket.send("bye")
        with pytest.raises(ConnectionClosed) as closed:
            websocket.recv(timeout=2)
        assert closed.value.rcvd is not None
        said += [closed.value.rcvd.code, closed.value.rcvd.reason]
    return said


def left(journal: list[str], before: int) -> bool:
    return journal.count("the client left") > before


def inner(journal: list[str]) -> list[str]:
    return [line for line in journal if line != "the client left"]


def eventually(true: Callable[[], Any], seconds: float = 2.0) -> Any:
    until = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < until:
        time.sleep(0.01)
    return found
