"""Real frameworks keep their own lifespan, state, middleware, handlers and dependencies."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import Depends, FastAPI
from litestar import Litestar
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from marty_chassis import Chassis, ChassisConfig, create_app, create_fastapi_app
from marty_chassis.errors import MissingExtra
from marty_chassis.plugins import IMiddlewarePlugin, plugin

from .nasty import fastapi_app, litestar_app, starlette_app

QUIET = {"advertise": "test:80"}


@plugin(name="witness", version="1.0.0")
class Witness(IMiddlewarePlugin):
    """Writes down when it starts, stops, and what passes."""

    def __init__(self) -> None:
        self.journal: list[str] = []

    async def start(self) -> None:
        self.journal.append("plugin up")

    async def stop(self) -> None:
        self.journal.append("plugin down")

    async def process_request(self, request, call_next):
        response = await call_next(request)
        response.headers["x-witness"] = request.url.path
        return response


@pytest.fixture
def witness() -> Witness:
    return Witness()


def made_starlette(witness, journal, folder) -> Any:
    """A Starlette of ours with all that a user gives Starlette."""
    theirs = starlette_app(journal, folder)
    return create_app(
        ChassisConfig(service=QUIET),
        plugins=[witness],
        routes=theirs.routes,
        lifespan=theirs.router.lifespan_context,
        middleware=theirs.user_middleware,
        exception_handlers=theirs.exception_handlers,
    )


def made_fastapi(witness, journal, folder) -> Any:
    def make(**given: Any) -> FastAPI:
        return create_fastapi_app(ChassisConfig(service=QUIET), plugins=[witness], **given)

    return fastapi_app(journal, folder, make)


def wrapped(make: Callable[..., Any]) -> Callable[..., Any]:
    def made(witness, journal, folder) -> Any:
        chassis = Chassis(ChassisConfig(service=QUIET), plugins=[witness])
        return chassis.wrap(make(journal, folder))

    return made


WAYS = {
    "create_app": made_starlette,
    "create_fastapi_app": made_fastapi,
    "wrap(Starlette)": wrapped(starlette_app),
    "wrap(FastAPI)": wrapped(fastapi_app),
    "wrap(Litestar)": wrapped(lambda journal, folder: litestar_app(journal)),
}


@pytest.fixture(params=WAYS.values(), ids=[*WAYS])
def made(request, witness, folder):
    """The application, and what happened in it; plugin and application write one journal."""
    app = request.param(witness, witness.journal, folder)
    return app, witness.journal


def test_plugins_live_within_the_lifespan_of_the_application(made) -> None:
    app, journal = made

    with TestClient(app) as client:
        answer = client.get("/json")

    assert answer.json()["database"] == "open"
    assert answer.headers["x-witness"] == "/json"
    assert journal == ["up", "plugin up", "plugin down", "down"]


def test_it_may_be_started_again(made) -> None:
    app, journal = made

    for _ in range(2):
        with TestClient(app) as client:
            assert client.get("/json").status_code == 200

    assert journal == ["up", "plugin up", "plugin down", "down"] * 2


def test_its_own_handlers_and_middleware_answer_inside_of_the_plugins(made) -> None:
    app, _ = made

    with TestClient(app, raise_server_exceptions=False) as client:
        poured = client.get("/teapot")
        broken = client.get("/broken")
        squeezed = client.get("/stream", headers={"accept-encoding": "gzip"})

    assert (poured.status_code, poured.text) == (418, "short and stout")
    assert poured.headers["x-witness"] == "/teapot"
    assert broken.status_code == 500
    assert squeezed.headers["content-encoding"] == "gzip"


def test_its_background_tasks_websockets_and_mounts_work(made) -> None:
    app, journal = made

    with TestClient(app) as client:
        assert "later" in client.get("/background").text
        assert client.get("/sub/where/").status_code == 200
        with client.websocket_connect("/echo", subprotocols=["echo"]) as websocket:
            websocket.send_text("abc")
            assert websocket.receive_text() == "cba"

    assert any("in the background" in line for line in journal)


def test_an_error_that_nobody_handles_reaches_the_server(made) -> None:
    app, _ = made

    with TestClient(app) as client:
        if "Litestar" in repr(app):
            assert client.get("/broken").status_code == 500
        else:
            with pytest.raises(RuntimeError, match="no handler knows this"):
                client.get("/broken")


def test_fastapis_dependencies_are_closed_after_the_answer(witness, folder) -> None:
    app = made_fastapi(witness, witness.journal, folder)

    with TestClient(app) as client:
        assert client.get("/session").json() == "a session"
        assert client.get("/forbidden").json() == {"detail": "not you"}
        assert client.get("/session").headers["x-stamp"] == "app"

    assert witness.journal.count("opened") == witness.journal.count("closed") == 3


def test_fastapis_overridden_dependencies_are_overridden(witness, folder) -> None:
    def real() -> str:
        return "real"

    app = create_fastapi_app(ChassisConfig(service=QUIET), plugins=[witness])

    @app.get("/")
    def home(value: str = Depends(real)) -> str:
        return value

    app.dependency_overrides[real] = lambda: "fake"

    with TestClient(app) as client:
        assert client.get("/").json() == "fake"


def test_what_the_factories_make_is_of_the_frameworks_own_kind() -> None:
    starlette = create_app(name="shop")
    fastapi = create_fastapi_app(name="shop")

    assert isinstance(starlette, Starlette)
    assert isinstance(fastapi, FastAPI)
    assert fastapi.title == "shop"
    assert type(fastapi).__name__ == "FastAPI"
    assert fastapi.state.chassis.config.service.name == "shop"
    assert fastapi.state.plugin_manager is fastapi.state.chassis.plugin_manager
    assert "shop" in repr(fastapi.state.chassis)


def test_middleware_and_routes_may_be_added_to_what_was_made() -> None:
    app = create_app(ChassisConfig(service=QUIET))

    async def hello(request):
        return PlainTextResponse("hello")

    class Stamp:
        def __init__(self, app, word):
            self.app, self.word = app, word

        async def __call__(self, scope, receive, send):
            scope["word"] = self.word
            await self.app(scope, receive, send)

    app.add_route("/", hello)
    app.add_middleware(Stamp, word="x")

    with TestClient(app) as client:
        assert client.get("/").text == "hello"


def test_root_path_is_the_servers_or_the_mounts(witness) -> None:
    async def where(request):
        return JSONResponse([request.scope["root_path"], request.url.path])

    inner = Chassis(ChassisConfig(service=QUIET), plugins=[witness]).wrap(
        Starlette(routes=[Route("/where", where, name="where")])
    )

    with TestClient(inner, root_path="/proxy") as client:
        assert client.get("/proxy/where").json() == ["/proxy", "/proxy/where"]
    mounted = TestClient(Starlette(routes=[Mount("/shop", inner)]))
    with pytest.warns(RuntimeWarning, match="lifespan"):
        assert mounted.get("/shop/where").json() == ["/shop", "/shop/where"]


def test_an_application_that_takes_no_lifespan_gets_its_plugins_all_the_same(witness) -> None:
    async def plain(scope, receive, send):
        assert scope["type"] == "http"
        await PlainTextResponse("plain")(scope, receive, send)

    app = Chassis(ChassisConfig(service=QUIET), plugins=[witness]).wrap(plain)

    with TestClient(app) as client:
        assert client.get("/").headers["x-witness"] == "/"

    assert witness.journal == ["plugin up", "plugin down"]


def test_without_fastapi_its_door_says_which_extra_brings_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "fastapi", None)

    with pytest.raises(MissingExtra) as error:
        create_fastapi_app()

    assert "fastapi" in str(error.value)
    assert "marty-chassis[fastapi]" in str(error.value)


def test_litestar_is_what_it_was(witness, folder) -> None:
    app = litestar_app([])

    assert isinstance(Chassis(plugins=[witness]).wrap(app).app, Litestar)
