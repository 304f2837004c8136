"""Whose error it is: the application's reaches plugins and server as itself, a plugin's neither."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .drive import House, Server, ask, hello, http_scope, passing


class Boom(Exception):
    """The application's."""


async def test_an_error_reaches_plugins_and_server_as_the_same_object(house: House) -> None:
    boom = Boom("secret")
    seen: list[BaseException] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise boom

    async def looking(request: Any, call_next: Any) -> Any:
        try:
            return await call_next(request)
        except Boom as error:
            seen.append(error)
            raise

    answer = await ask(house.around(app, looking, passing, looking))

    assert [error is boom for error in (*seen, answer.error)] == [True] * 3
    assert answer.messages == []
    assert [house.faults(f"p{n}") for n in range(3)] == [[], [], []]


@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt()], ids=repr)
async def test_so_does_an_exit(house: House, raised: BaseException) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise raised

    host = house.around(app, passing)

    with pytest.raises(type(raised)) as caught:
        await ask(host)

    assert caught.value is raised
    assert house.faults("p0") == []


async def test_a_plugin_may_answer_for_the_application(house: House) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise Boom

    async def soothing(request: Any, call_next: Any) -> Any:
        try:
            return await call_next(request)
        except Boom:
            return PlainTextResponse("calm", 502)

    answer = await ask(house.around(app, soothing))

    assert (answer.status, answer.body, answer.error) == (502, b"calm", None)


async def test_an_error_wrapped_by_a_plugins_task_group_is_still_the_applications(
    house: House,
) -> None:
    boom = Boom()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise boom

    async def grouped(request: Any, call_next: Any) -> Any:
        async with anyio.create_task_group():
            return await call_next(request)

    answer = await ask(house.around(app, grouped, grouped))

    assert answer.error is boom
    assert house.faults("p0") == house.faults("p1") == []


async def test_an_error_of_an_inner_plugin_is_not_that_of_an_outer_one_with_a_task_group(
    house: House,
) -> None:
    async def grouped(request: Any, call_next: Any) -> Any:
        async with anyio.create_task_group():
            return await call_next(request)

    async def broken(request: Any, call_next: Any) -> Any:
        raise ValueError("mine")

    answer = await ask(house.around(hello, grouped, broken))

    assert answer.status == 500
    assert answer.error is None
    assert house.faults("p0") == []
    assert house.faults("p1") == ["ValueError"]


async def test_a_group_with_an_error_of_the_plugins_own_is_the_plugins(house: House) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await anyio.sleep(0.01)
        raise Boom

    async def failing() -> None:
        raise ValueError("mine")

    async def grouped(request: Any, call_next: Any) -> Any:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(failing)
            return await call_next(request)

    answer = await ask(house.around(app, grouped))

    assert answer.status == 500
    assert house.faults("p0") == ["ExceptionGroup"]


@pytest.mark.parametrize("after", [True, False], ids=["after call_next", "before"])
async def test_an_error_of_a_plugin_is_answered_without_details(
    house: House, logged: list[str], after: bool
) -> None:
    async def broken(request: Any, call_next: Any) -> Any:
        if after:
            await call_next(request)
        raise ValueError("password=hunter2")

    answer = await ask(house.around(hello, passing, broken, passing))

    assert answer.status == 500
    assert answer.headers["content-type"] == "application/problem+json"
    told = json.loads(answer.body)
    assert (told["title"], told["status"]) == ("Internal Server Error", 500)
    assert b"hunter2" not in answer.body
    assert b"p1" not in answer.body
    assert answer.error is None
    assert [house.faults(f"p{n}") for n in range(3)] == [[], ["ValueError"], []]
    assert len([line for line in logged if "hunter2" in line]) == 1


@pytest.mark.parametrize("kind", ["plain", "stream"])
async def test_an_error_after_call_next_meets_no_handler_of_the_application(
    house: House, kind: str
) -> None:
    happened: list[str] = []

    async def handler(request: Request, error: Exception) -> Response:
        happened.append(f"handled {type(error).__name__}")
        return PlainTextResponse("handled", 400)

    async def note() -> None:
        happened.append("background")

    async def endpoint(request: Request) -> Response:
        try:
            background = BackgroundTask(note)
            if kind == "plain":
                return PlainTextResponse("x", background=background)
            return StreamingResponse(Once(), background=background)
        finally:
            happened.append("endpoint")

    async def broken(request: Any, call_next: Any) -> Any:
        await call_next(request)
        raise HTTPException(403)

    handlers: Any = {HTTPException: handler, Exception: handler, ValueError: handler}
    app = Starlette(routes=[Route("/", endpoint)], exception_handlers=handlers)
    answer = await ask(house.around(app, broken))

    assert answer.status == 500
    assert len(answer.starts) == 1
    assert happened == ["endpoint"]


class Once:
    """One chunk; no generator, as Starlette does not close those."""

    given = False

    def __aiter__(self) -> Once:
        return self

    async def __anext__(self) -> bytes:
        if self.given:
            raise StopAsyncIteration
        self.given = True
        return b"x"


async def test_the_application_is_cancelled_and_may_clean_up(house: House) -> None:
    happened: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await hello(scope, receive, send)
            happened.append("went on")
        except Exception:
            happened.append("error")
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.005)
            happened.append("cleaned up")

    async def broken(request: Any, call_next: Any) -> Any:
        await call_next(request)
        raise ValueError

    answer = await ask(house.around(app, broken))

    assert happened == ["cleaned up"]
    assert answer.status == 500


async def test_an_application_that_will_not_be_cancelled_still_starts_no_second_response(
    house: House,
) -> None:
    async def stubborn(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(3):
            try:
                await hello(scope, receive, send)
            except BaseException:
                continue

    async def broken(request: Any, call_next: Any) -> Any:
        await call_next(request)
        raise ValueError

    answer = await ask(house.around(stubborn, broken))

    assert answer.status == 500
    assert len(answer.starts) == 1


async def test_what_the_application_handles_is_a_response_like_any_other(house: House) -> None:
    seen: list[int] = []

    async def endpoint(request: Request) -> Response:
        raise HTTPException(404, "nothing here")

    async def looking(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        seen.append(response.status_code)
        return response

    answer = await ask(house.around(Starlette(routes=[Route("/", endpoint)]), looking))

    assert seen == [404]
    assert answer.body == b"nothing here"


async def test_what_starlette_answers_with_500_is_also_raised_to_the_server(house: House) -> None:
    boom = Boom()
    seen: list[int] = []

    async def endpoint(request: Request) -> Response:
        raise boom

    async def looking(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        seen.append(response.status_code)
        response.headers["x-seen"] = "yes"
        return response

    answer = await ask(house.around(Starlette(routes=[Route("/", endpoint)]), looking))

    assert seen == [500]
    assert answer.status == 500
    assert answer.headers["x-seen"] == "yes"
    assert answer.error is boom


async def test_an_error_in_the_middle_of_a_stream_goes_to_the_server(house: House) -> None:
    boom = Boom()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        raise boom

    answer = await ask(house.around(app, passing, passing))

    assert answer.error is boom
    assert answer.body == b"x"
    assert house.faults("p0") == []


async def test_an_error_in_a_background_task_goes_to_the_server(house: House) -> None:
    async def failing() -> None:
        raise Boom

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("x", background=BackgroundTask(failing))

    answer = await ask(house.around(Starlette(routes=[Route("/", endpoint)]), passing))

    assert isinstance(answer.error, Boom)
    assert answer.body == b"x"


async def test_reading_a_body_that_breaks_raises_what_the_application_raised(
    house: House,
) -> None:
    boom = Boom()
    seen: list[BaseException] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        raise boom

    async def reading(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        try:
            await response.body()
        except Boom as error:
            seen.append(error)
            raise

    answer = await ask(house.around(app, reading, passing))

    assert seen == [boom]
    assert answer.error is boom
    assert house.faults("p0") == []


async def test_an_application_without_a_response_is_the_servers_business(house: House) -> None:
    seen: list[str] = []

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    async def looking(request: Any, call_next: Any) -> Any:
        try:
            return await call_next(request)
        except Exception as error:
            seen.append(str(error))
            raise

    answer = await ask(house.around(silent, looking, passing))

    assert (answer.messages, answer.error) == ([], None)
    assert seen == [
        "the application ended without a response. Look whether its client had gone.",
    ]
    assert house.faults("p0") == house.faults("p1") == []


async def test_a_plugin_may_answer_where_the_application_did_not(house: House) -> None:
    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    async def filling(request: Any, call_next: Any) -> Any:
        try:
            return await call_next(request)
        except Exception:
            return PlainTextResponse("filled")

    assert (await ask(house.around(silent, filling))).body == b"filled"


async def test_a_plugin_that_cancels_itself_is_answered_with_500(
    house: House, anyio_backend: str
) -> None:
    if anyio_backend == "trio":
        pytest.skip("only asyncio has tasks that can be cancelled by anybody")
    import asyncio

    async def giving_up(request: Any, call_next: Any) -> Any:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        return await call_next(request)

    answer = await ask(house.around(hello, giving_up))

    assert answer.status == 500


async def test_a_cancelled_error_of_the_application_is_the_applications(
    house: House, anyio_backend: str
) -> None:
    if anyio_backend == "trio":
        pytest.skip("trio lets nobody make one up")
    import asyncio

    stray = asyncio.CancelledError("stray")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise stray

    with pytest.raises(asyncio.CancelledError) as caught:
        await house.around(app, passing)(http_scope(), Server(http_scope()).receive, _nowhere)

    assert caught.value is stray
    assert house.faults("p0") == []


async def _nowhere(message: Any) -> None:
    pass


async def test_nothing_that_was_raised_is_kept(house: House) -> None:
    import gc
    import weakref

    class Heavy(Exception):
        pass

    kept: list[weakref.ref[Heavy]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        error = Heavy()
        kept.append(weakref.ref(error))
        raise error

    answer = await ask(house.around(app, passing))
    answer.error = None
    gc.collect()

    assert kept[0]() is None
