"""A plugin reads, replaces or filters the body of a response, and the headers stay true."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .drive import House, ask, hello, passing


class Chunks:
    """A stream; no generator, as Starlette does not close those."""

    def __init__(self) -> None:
        self._left = [b"one ", b"two ", b"three"]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        await anyio.lowlevel.checkpoint()
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop(0)


async def streamed(scope: Scope, receive: Receive, send: Send) -> None:
    await StreamingResponse(Chunks())(scope, receive, send)


@pytest.mark.parametrize(("app", "whole"), [(hello, b"hello"), (streamed, b"one two three")])
async def test_reading_changes_nothing_of_it(house: House, app: Any, whole: bytes) -> None:
    read: list[bytes] = []

    async def reading(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        read.append(await response.body())
        read.append(await response.body())
        return response

    answer = await ask(house.around(app, reading, reading))

    assert read == [whole] * 4
    assert answer.body == whole
    assert answer.pairs == (await ask(app)).pairs


@pytest.mark.parametrize("app", [hello, streamed])
async def test_rewriting_sets_the_length(house: House, app: Any) -> None:
    async def shouting(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.replace_body((await response.body()).upper() + b"!")
        return response

    answer = await ask(house.around(app, shouting, passing))
    bare = await ask(app)

    assert answer.body == bare.body.upper() + b"!"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert "transfer-encoding" not in answer.headers


async def test_an_outer_plugin_reads_what_an_inner_one_wrote(house: House) -> None:
    async def bracketed(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.replace_body(b"<" + await response.body() + b">")
        return response

    answer = await ask(house.around(hello, bracketed, bracketed))

    assert answer.body == b"<<hello>>"
    assert answer.headers["content-length"] == "9"


async def test_replacing_without_reading_drops_what_the_application_sends(house: House) -> None:
    happened: list[str] = []

    async def note() -> None:
        happened.append("background")

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("dropped", background=BackgroundTask(note))

    async def replacing(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.replace_body("naïve")
        return response

    answer = await ask(house.around(Starlette(routes=[Route("/", endpoint)]), replacing))

    assert answer.body == "naïve".encode()
    assert answer.headers["content-length"] == "6"
    assert happened == ["background"]


async def test_a_new_body_is_not_in_the_old_encoding(house: House) -> None:
    async def zipped(scope: Scope, receive: Receive, send: Send) -> None:
        body = gzip.compress(b"hello")
        await Response(body, headers={"content-encoding": "gzip"})(scope, receive, send)

    async def plain(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        assert response.headers["content-encoding"] == "gzip"
        response.replace_body(gzip.decompress(await response.body()))
        return response

    answer = await ask(house.around(zipped, plain))

    assert answer.body == b"hello"
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-length"] == "5"


async def test_a_new_body_may_have_an_encoding_of_its_own(house: House) -> None:
    async def zipping(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.replace_body(gzip.compress(await response.body()))
        response.headers["content-encoding"] = "gzip"
        return response

    answer = await ask(house.around(hello, zipping))

    assert gzip.decompress(answer.body) == b"hello"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-length"] == str(len(answer.body))


async def test_a_filter_sees_each_chunk_as_it_passes(house: House) -> None:
    seen: list[bytes] = []

    def shouting(chunk: bytes) -> bytes:
        seen.append(chunk)
        return chunk.upper()

    async def dotted(chunk: bytes) -> str:
        await anyio.lowlevel.checkpoint()
        return chunk.decode() + "."

    async def filtering(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.filter_body(shouting)
        response.filter_body(dotted, end=lambda: b"END")
        return response

    answer = await ask(house.around(streamed, filtering))

    assert seen == [b"one ", b"two ", b"three"]
    assert answer.chunks == [b"ONE .", b"TWO .", b"THREE.", b"END"]


async def test_a_filter_makes_the_length_unknown(house: House) -> None:
    async def filtering(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.filter_body(lambda chunk: chunk * 2)
        return response

    answer = await ask(house.around(hello, filtering))

    assert answer.body == b"hellohello"
    assert "content-length" not in answer.headers


async def test_a_compressor_is_a_filter(house: House) -> None:
    async def zipping(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        compressor = zlib.compressobj(wbits=31)
        response.filter_body(compressor.compress, end=compressor.flush)
        response.headers["content-encoding"] = "gzip"
        return response

    answer = await ask(house.around(streamed, zipping))

    assert gzip.decompress(answer.body) == b"one two three"
    assert answer.complete


async def test_reading_after_a_filter_gives_what_would_be_sent(house: House) -> None:
    read: list[bytes] = []

    async def reading(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        read.append(await response.body())
        return response

    async def filtering(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.filter_body(bytes.upper)
        return response

    answer = await ask(house.around(streamed, reading, filtering))

    assert read == [b"ONE TWO THREE"]
    assert answer.body == b"ONE TWO THREE"


@pytest.mark.parametrize(
    "wrong", [lambda chunk: 1 / 0, lambda chunk: None], ids=["raises", "gives nothing"]
)
async def test_an_error_of_a_filter_ends_the_response_abruptly_and_is_its_plugins(
    house: House, wrong: Any
) -> None:
    caught: list[BaseException] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await streamed(scope, receive, send)
        except Exception as error:
            caught.append(error)

    async def filtering(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.filter_body(wrong)
        return response

    answer = await ask(house.around(app, passing, filtering, passing))

    assert len(answer.starts) == 1
    assert not answer.complete
    assert type(answer.error).__name__ == "HookFailed"
    assert caught == [], "a plugin's error is no business of the application"
    assert [len(house.faults(f"p{n}")) for n in range(3)] == [0, 1, 0]


async def test_an_error_of_a_filter_over_a_body_that_was_read_is_still_answered_with_500(
    house: House,
) -> None:
    async def filtering(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        await response.body()
        response.filter_body(lambda chunk: 1 / 0)
        return response

    answer = await ask(house.around(hello, passing, filtering))

    assert answer.status == 500
    assert house.faults("p1") == ["ZeroDivisionError"]


@pytest.mark.parametrize("read", [True, False])
async def test_the_answer_to_head_has_no_body_and_no_wrong_length(house: House, read: bool) -> None:
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("" if request.method == "HEAD" else "hello", headers={"x": "y"})

    async def rewriting(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.replace_body(b"<" + (await response.body() if read else b"") + b">")
        return response

    host = house.around(Starlette(routes=[Route("/", endpoint)]), rewriting)
    answer = await ask(host, method="HEAD")

    assert answer.body == b""
    assert answer.headers.get("content-length") in (None, "7")
    assert answer.headers["x"] == "y"


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_without_a_body_takes_the_body_with_it(house: House, status: int) -> None:
    async def not_modified(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.status_code = status
        return response

    answer = await ask(house.around(streamed, not_modified))
    with_length = await ask(house.around(hello, not_modified))

    assert (answer.status, with_length.status) == (status, status)
    assert answer.body == with_length.body == b""
    assert "content-length" not in with_length.headers


@pytest.mark.parametrize("status", [204, 304])
async def test_an_application_without_a_body_is_left_alone(house: House, status: int) -> None:
    async def endpoint(request: Request) -> Response:
        return Response(status_code=status, headers={"etag": '"1"'})

    async def stamping(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        assert await response.body() == b""
        response.headers["x-stamped"] = "yes"
        return response

    app = Starlette(routes=[Route("/", endpoint)])
    answer, bare = await ask(house.around(app, stamping)), await ask(app)

    assert answer.pairs == [*bare.pairs, ("x-stamped", "yes")]
    assert answer.chunks == bare.chunks


async def test_the_status_alone(house: House) -> None:
    async def teapot(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.status_code = 418
        return response

    answer = await ask(house.around(hello, teapot))

    assert answer.status == 418
    assert answer.pairs == [("content-length", "5")]
    assert answer.body == b"hello"


async def test_a_file_that_the_server_was_to_send_is_read_when_a_plugin_asks(
    house: House, tmp_path: Path
) -> None:
    path = tmp_path / "big"
    path.write_bytes(b"x" * 200_000)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/path":
            await send({"type": "http.response.pathsend", "path": str(path)})
            return
        file = os.open(path, os.O_RDONLY)
        try:
            message = {"type": "http.response.zerocopysend", "file": file, "more_body": True}
            await send({**message, "offset": 10, "count": 90_000})
            await send({"type": "http.response.zerocopysend", "file": file, "more_body": False})
        finally:
            os.close(file)

    async def counting(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-size"] = str(len(await response.body()))
        return response

    async def filtering(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.filter_body(lambda chunk: chunk.replace(b"x", b"y"))
        return response

    assert (await ask(house.around(app, counting), "/path")).headers["x-size"] == "200000"
    assert (await ask(House().around(app, counting), "/copy")).headers["x-size"] == "290000"
    filtered = await ask(House().around(app, filtering), "/path")
    assert filtered.body == b"y" * 200_000
    assert filtered.complete


async def test_trailers_follow_a_body_that_was_read_or_filtered_but_not_a_new_one(
    house: House,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [], "trailers": True})
        await send({"type": "http.response.body", "body": b"x"})
        await send({"type": "http.response.trailers", "headers": [(b"checksum", b"1")]})

    async def doing(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        match request.url.path:
            case "/read":
                await response.body()
            case "/filter":
                response.filter_body(bytes.upper)
            case "/replace":
                response.replace_body(b"new")
        return response

    host = house.around(app, doing)
    types = {
        path: [m["type"].rpartition(".")[2] for m in (await ask(host, path)).messages]
        for path in ("/read", "/filter", "/replace")
    }

    assert types["/read"] == ["start", "body", "trailers"]
    assert types["/filter"][-1] == "trailers"
    assert types["/replace"] == ["start", "body"]
    assert "trailers" not in (await ask(host, "/replace")).messages[0]


async def test_an_application_that_does_not_finish_its_body_is_told_to_who_reads_it(
    house: House,
) -> None:
    async def unfinished(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def reading(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        await response.body()
        return response

    answer = await ask(house.around(unfinished, reading))

    # As without us: nothing that is wrong with it is a plugin's, and the server has its own words.
    assert answer.error is None
    assert house.faults("p0") == []


async def test_giving_up_reading_keeps_what_has_come(house: House) -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"quick ", "more_body": True})
        await anyio.sleep(0.03)
        await send({"type": "http.response.body", "body": b"slow"})

    async def impatient(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        with anyio.move_on_after(0.01):
            await response.body()
        return response

    answer = await ask(house.around(slow, impatient))

    assert answer.body == b"quick slow"
    assert answer.complete


async def test_reading_is_only_for_bodies(house: House) -> None:
    async def wrong(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.replace_body(["not", "a", "body"])
        return response

    answer = await ask(house.around(hello, wrong))

    assert answer.status == 500
    assert house.faults("p0") == ["TypeError"]
