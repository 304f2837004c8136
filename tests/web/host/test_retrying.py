"""A plugin may run the application again; only one run is ever under way."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from .drive import House, Server, ask, http_scope


class Flaky:
    """An application that raises the first times, and echoes the body then."""

    def __init__(self, failures: int = 1) -> None:
        self.failures = failures
        self.runs: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.runs.append("begins")
        body = await Request(scope, receive).body()
        if self.failures:
            self.failures -= 1
            self.runs.append("fails")
            raise ConnectionError("not yet")
        await Response(body)(scope, receive, send)
        self.runs.append("ends")


async def again(request: Any, call_next: Any) -> Any:
    try:
        return await call_next(request)
    except ConnectionError:
        return await call_next(request)


async def test_a_second_run_reads_the_same_body(house: House) -> None:
    flaky = Flaky()

    answer = await ask(house.around(flaky, again), method="POST", body=[b"one", b"two"])

    assert answer.body == b"onetwo"
    assert flaky.runs == ["begins", "fails", "begins", "ends"]
    assert answer.error is None
    assert house.faults("p0") == []


async def test_a_body_that_a_plugin_has_read_is_read_by_both_runs(house: House) -> None:
    async def reading(request: Any, call_next: Any) -> Any:
        assert await request.body() == b"x" * 200_000
        return await again(request, call_next)

    answer = await ask(house.around(Flaky(), reading), body=[b"x" * 100_000] * 2)

    assert answer.body == b"x" * 200_000


async def test_a_large_body_that_only_the_application_read_cannot_be_read_again(
    house: House,
) -> None:
    answer = await ask(house.around(Flaky(), again), body=[b"x" * 100_000])

    # It is the application that meets it, in its second run, and the server that hears of it.
    assert isinstance(answer.error, RuntimeError)
    assert "await request.body()" in str(answer.error)


async def test_a_response_that_the_plugin_does_not_like_is_given_up_before_the_next_run(
    house: House,
) -> None:
    happened: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        number = sum(one.startswith("begin") for one in happened)
        happened.append(f"begin {number}")
        try:
            await PlainTextResponse(f"run {number}", 503 if number == 0 else 200)(
                scope, receive, send
            )
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.005)
            happened.append(f"end {number}")

    async def until_well(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        while response.status_code == 503:
            response = await call_next(request)
        return response

    answer = await ask(house.around(app, until_well))

    assert answer.status == 200
    assert answer.body == b"run 1"
    assert happened == ["begin 0", "end 0", "begin 1", "end 1"]


async def test_a_stream_is_given_up_while_its_start_is_held(house: House) -> None:
    runs: list[int] = []

    async def endpoint(request: Request) -> Response:
        runs.append(1)

        async def chunks() -> Any:
            yield b"x"

        return StreamingResponse(chunks(), 500 if len(runs) == 1 else 200)

    async def twice(request: Any, call_next: Any) -> Any:
        first = await call_next(request)
        return first if first.status_code < 500 else await call_next(request)

    answer = await ask(house.around(Starlette(routes=[Route("/", endpoint)]), twice))

    assert answer.status == 200
    assert answer.body == b"x"
    assert len(runs) == 2


async def test_the_second_run_gets_the_scope_as_it_was_before_the_first(house: House) -> None:
    roots: list[str] = []

    async def endpoint(request: Request) -> Response:
        roots.append(request.scope["root_path"])
        return PlainTextResponse("ok", 500 if len(roots) == 1 else 200)

    async def twice(request: Any, call_next: Any) -> Any:
        await call_next(request)
        request.headers["x-attempt"] = "2"
        return await call_next(request)

    mounted = Starlette(routes=[Mount("/sub", routes=[Route("/x", endpoint)])])
    answer = await ask(house.around(mounted, twice), "/sub/x")

    assert answer.status == 200
    assert roots == ["/sub", "/sub"]


async def test_after_call_next_the_plugin_sees_which_endpoint_it_was(house: House) -> None:
    seen: list[object] = []

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("ok")

    async def labelled(request: Any, call_next: Any) -> Any:
        request.headers["x-changed"] = "1"
        response = await call_next(request)
        seen.append(request.scope["endpoint"])
        seen.append(request.path_params["name"])
        return response

    await ask(house.around(Starlette(routes=[Route("/hi/{name}", endpoint)]), labelled), "/hi/me")

    assert seen == [endpoint, "me"]


async def test_an_earlier_response_whose_body_is_gone_cannot_be_answered(house: House) -> None:
    async def stale(request: Any, call_next: Any) -> Any:
        first = await call_next(request)
        await call_next(request)
        return first

    answer = await ask(house.around(Flaky(0), stale))

    assert answer.status == 500
    assert house.faults("p0") == ["TypeError"]


async def test_an_earlier_response_whose_body_was_read_can_be_answered(house: House) -> None:
    async def first_of_two(request: Any, call_next: Any) -> Any:
        first = await call_next(request)
        await first.body()
        await call_next(request)
        first.headers["x-from"] = "first"
        return first

    answer = await ask(house.around(Flaky(0), first_of_two), body=[b"echo"])

    assert answer.status == 200
    assert answer.body == b"echo"
    assert answer.headers["x-from"] == "first"
    assert len(answer.starts) == 1


async def test_a_call_next_that_is_left_running_is_ended_by_the_next_one(house: House) -> None:
    ended: list[str] = []
    running = anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if dict(scope["headers"])[b"x-run"] == b"1":
            running.set()
            try:
                await anyio.sleep(30)
            finally:
                ended.append("first")
        await PlainTextResponse("second")(scope, receive, send)

    async def hedging(request: Any, call_next: Any) -> Any:
        async def first() -> None:
            request.headers["x-run"] = "1"
            with pytest.raises(RuntimeError, match="called again"):
                await call_next(request)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first)
            await running.wait()
            request.headers["x-run"] = "2"
            response = await call_next(request)
            tasks.cancel_scope.cancel()
        return response

    answer = await ask(house.around(app, hedging))

    assert ended == ["first"]
    assert answer.body == b"second"


@pytest.mark.parametrize("reading", [True, False])
async def test_the_client_is_still_heard_when_the_body_was_replayed(
    house: House, reading: bool
) -> None:
    heard: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            heard.append(message["type"])
            if message["type"] == "http.disconnect":
                return

    async def read(request: Any, call_next: Any) -> Any:
        if reading:
            await request.body()
        return await call_next(request)

    server = Server(http_scope(method="POST"), [b"a", b"b"])
    with anyio.fail_after(2):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, house.around(app, read))
            await server.waiting.wait()
            server.gone.set()

    assert heard == ["http.request", "http.request", "http.disconnect"]
    assert server.answer.messages == []
    assert server.answer.error is None


async def test_a_request_given_up_between_two_runs_leaves_nobody_waiting(house: House) -> None:
    first_ends = anyio.Event()
    happened: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        happened.append("runs")
        try:
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await anyio.sleep(30)
        finally:
            first_ends.set()
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.02)

    async def twice(request: Any, call_next: Any) -> Any:
        try:
            await call_next(request)
            return await call_next(request)
        finally:
            happened.append("plugin left")

    server = Server(http_scope())
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            host = house.around(app, twice)
            tasks.start_soon(host, server.scope, server.receive, server.send)
            await first_ends.wait()
            tasks.cancel_scope.cancel()

    assert happened == ["runs", "plugin left"]
    assert house.faults("p0") == []
    assert len(house.manager.failures.strays) == 0


async def test_of_several_that_wait_for_the_end_of_a_run_the_last_one_gets_the_response(
    house: House,
) -> None:
    running = anyio.Event()
    got: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not running.is_set():
            running.set()
            try:
                await anyio.sleep(30)
            finally:
                with anyio.CancelScope(shield=True):
                    await anyio.sleep(0.005)
        await PlainTextResponse("x")(scope, receive, send)

    async def hedging(request: Any, call_next: Any) -> Any:
        responses: list[Response] = []

        async def one() -> None:
            try:
                responses.append(await call_next(request))
                got.append("response")
            except RuntimeError as error:
                got.append(str(error))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one)
            await running.wait()
            tasks.start_soon(one)
            tasks.start_soon(one)
        (response,) = responses
        return response

    answer = await ask(house.around(app, hedging))

    assert answer.body == b"x"
    assert sorted(got) == [
        *["call_next was called again while this call of it was waiting"] * 2,
        "response",
    ]
