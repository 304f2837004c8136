"""An ASGI application in this process, with its lifespan."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from importlib import import_module

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from marty_chassis import ChassisConfig, create_app
from marty_chassis.errors import MissingExtra, StartAborted
from marty_chassis.plugins import IPlugin, plugin
from marty_chassis.testing import asgi_client


async def test_its_lifespan_runs_around_the_requests() -> None:
    told = []

    @asynccontextmanager
    async def lifespan(app):
        told.append("begins")
        yield {"word": "handed on"}
        told.append("ends")

    app = Starlette(
        routes=[Route("/", lambda request: PlainTextResponse(request.state.word))],
        lifespan=lifespan,
    )

    async with asgi_client(app, headers={"x-from": "a test"}) as client:
        response = await client.get("/")
        told.append(response.text)

    assert told == ["begins", "handed on", "ends"]
    assert response.request.headers["x-from"] == "a test"


async def test_a_service_of_ours_starts_its_plugins(plugin_folder, monkeypatch) -> None:
    folder = plugin_folder(
        """
        from marty_chassis.plugins import hookimpl

        @hookimpl
        def middleware_post_response(response, request):
            response.headers["x-plugin"] = "here"
        """
    ).parent
    monkeypatch.setenv("MARTY_PLUGINS__ENTRY_POINTS", "none")

    async with asgi_client(create_app(plugin_directories=[folder])) as client:
        assert (await client.get("/")).headers["x-plugin"] == "here"


async def test_one_that_does_not_start_raises_why() -> None:
    @plugin(name="broken")
    class Broken(IPlugin):
        async def start(self) -> None:
            raise OSError("no such host")

    app = create_app(ChassisConfig(plugins={"strict": True}), plugins=[Broken])

    with pytest.raises(StartAborted, match="no such host"):
        async with asgi_client(app):
            pass


async def test_one_that_says_no_more_than_that_is_an_error_too() -> None:
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match="did not start: no database"):
        async with asgi_client(app):
            pass


async def test_one_without_a_lifespan_is_served_all_the_same() -> None:
    async def app(scope, receive, send):
        assert scope["type"] == "http", scope["type"]
        await PlainTextResponse("hello")(scope, receive, send)

    async with asgi_client(app) as client:
        assert (await client.get("/")).text == "hello"


async def test_an_error_at_its_end_is_raised() -> None:
    @asynccontextmanager
    async def lifespan(app):
        yield
        raise OSError("the database has gone")

    with pytest.raises(OSError, match="has gone"):
        async with asgi_client(Starlette(lifespan=lifespan)) as client:
            await client.get("/")


def test_without_its_client_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    monkeypatch.delitem(sys.modules, "marty_chassis.testing.serving")

    with pytest.raises(MissingExtra, match=r"marty-chassis\[testing\]"):
        import_module("marty_chassis.testing.serving")
