"""Routes that plugins bring: tried before the application, which keeps what it has itself."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from marty_chassis.errors import WrongAnswer
from marty_chassis.web.host import Host
from marty_hookspecs import hookimpl

from .drive import House, Processing, ask, hello
from .test_websockets import talk, types


class Bringing:
    """A plugin with routes."""

    def __init__(self, *routes: Any) -> None:
        self.routes = routes

    @hookimpl
    def web_routes(self) -> Any:
        return list(self.routes)


def says(text: str) -> Any:
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse(text)

    return endpoint


async def test_a_route_is_answered_and_everything_else_goes_on(house: House) -> None:
    await house.staged("a", Bringing(Route("/mine", says("plugin"))))
    host = Host(hello, house.manager)

    assert (await ask(host, "/mine")).body == b"plugin"
    assert (await ask(host, "/other")).body == b"hello"
    assert (await ask(host, "/mine/")).body == b"hello", "no redirect of ours"
    assert (await ask(host, "/mine", "POST")).body == b"hello", "no 405 of ours"


async def test_it_is_inside_of_the_request_hooks(house: House) -> None:
    async def stamping(request: Any, call_next: Any) -> Any:
        request.headers["x-user"] = "plugin"
        response = await call_next(request)
        response.headers["x-stamped"] = request.scope["route"].path
        return response

    async def who(request: Request) -> Response:
        return PlainTextResponse(request.headers["x-user"])

    house.plugin("stamp", Processing(stamping))
    await house.staged("a", Bringing(Route("/who/{name}", who)))

    answer = await ask(Host(hello, house.manager), "/who/me")

    assert answer.body == b"plugin"
    assert answer.headers["x-stamped"] == "/who/{name}"


async def test_mounts_and_websockets(house: House) -> None:
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    mounted = Mount("/sub", routes=[Route("/page", says("page"))])
    await house.staged("a", Bringing(mounted, WebSocketRoute("/mine", socket)))
    host = Host(hello, house.manager)

    assert (await ask(host, "/sub/page")).body == b"page"
    assert (await ask(host, "/sub/none")).status == 404
    sent, _ = await talk(host, path="/mine")
    assert types(sent) == ["websocket.accept", "websocket.close"]


async def test_the_applications_own_route_wins_with_one_warning(
    house: House, logged: list[str]
) -> None:
    app = Starlette(routes=[Route("/both/{x}", says("app")), Route("/get", says("app"))])
    await house.staged(
        "a",
        Bringing(
            Route("/both/{x}", says("plugin")),
            Route("/get", says("plugin"), methods=["POST"]),
            Route("/get/more", says("plugin")),
        ),
    )
    host = Host(app, house.manager)

    assert (await ask(host, "/both/1")).body == b"app"
    assert (await ask(host, "/get")).body == b"app"
    assert (await ask(host, "/get", "POST")).body == b"plugin"
    assert (await ask(host, "/get/more")).body == b"plugin"
    house.manager.publish()
    await ask(host, "/both/1")
    await talk(host)
    (line,) = [line for line in logged if "WARNING" in line]
    assert "/both/{x}" in line
    assert "'a'" in line


async def test_routes_come_and_go_with_their_plugin(house: House) -> None:
    host = Host(hello, house.manager)
    registrations = await house.staged("a", Bringing(Route("/mine", says("plugin"))))

    assert (await ask(host, "/mine")).body == b"plugin"
    registrations.withdraw()
    assert (await ask(host, "/mine")).body == b"hello"


async def test_an_endpoint_raises_http_exceptions_as_usual(house: House) -> None:
    async def missing(request: Request) -> Response:
        raise HTTPException(404, "no such thing")

    await house.staged("a", Bringing(Route("/mine", missing)))

    answer = await ask(Host(hello, house.manager), "/mine")

    assert (answer.status, answer.body) == (404, b"no such thing")
    assert house.faults("a") == []


async def test_an_endpoint_that_breaks_is_its_plugins_fault(house: House) -> None:
    seen: list[int] = []

    async def broken(request: Request) -> Response:
        raise ValueError("secret")

    async def looking(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        seen.append(response.status_code)
        return response

    house.plugin("looking", Processing(looking))
    await house.staged("a", Bringing(Route("/mine", broken)))

    answer = await ask(Host(hello, house.manager), "/mine")

    assert answer.status == 500
    assert b"secret" not in answer.body
    assert answer.error is None
    assert seen == [500]
    assert house.faults("a") == ["ValueError"]
    assert house.faults("looking") == []


async def test_an_endpoint_that_breaks_in_the_middle_ends_abruptly(house: House) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        raise ValueError

    await house.staged("a", Bringing(Mount("/mine", broken)))

    answer = await ask(Host(hello, house.manager), "/mine/x")

    assert not answer.complete
    assert type(answer.error).__name__ == "HookFailed"
    assert house.faults("a") == ["ValueError"]


async def test_an_endpoint_finds_the_application_and_its_own_routes(house: House) -> None:
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse(f"{request.app.state.name} {request.url_for('mine').path}")

    app = Starlette()
    app.state.name = "main"
    await house.staged("a", Bringing(Route("/mine", endpoint, name="mine")))

    assert (await ask(Host(app, house.manager), "/mine")).body == b"main /mine"


@pytest.mark.parametrize("wrong", ["a string", 5, [Route("/x", says("x")), "not a route"]])
async def test_what_is_no_route_is_refused_at_staging(house: House, wrong: Any) -> None:
    class Wrong:
        @hookimpl
        async def web_routes(self) -> Any:
            return wrong

    with pytest.raises(WrongAnswer, match=r"plugin 'a' answered 'web\.routes' with"):
        await house.staged("a", Wrong())

    assert "a" not in house.manager.current.contributions


async def test_no_routes_are_fine(house: House) -> None:
    class Nothing:
        @hookimpl
        def web_routes(self) -> None:
            return None

    await house.staged("a", Nothing())

    assert (await ask(Host(hello, house.manager))).body == b"hello"
