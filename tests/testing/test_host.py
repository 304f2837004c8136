"""A service with just one plugin in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from marty_chassis.plugins import IMiddlewarePlugin, IPlugin, IServicePlugin, hookimpl, plugin
from marty_chassis.testing import NotStarted, PluginHost, WebSocketRefused
from marty_hookspecs import service_pre_register


@plugin(name="stamp", version="1.2")
class Stamp(IMiddlewarePlugin):
    async def process_request(self, request, call_next):
        response = await call_next(request)
        response.headers[self.context.get_config("header", "x-stamp")] = "seen"
        return response


STAMP = """
    from marty_chassis.plugins import IMiddlewarePlugin, plugin

    @plugin(name="stamp")
    class Stamp(IMiddlewarePlugin):
        async def process_request(self, request, call_next):
            response = await call_next(request)
            response.headers[self.context.get_config("header", "x-stamp")] = "seen"
            return response
"""


async def test_a_plugin_serves_with_the_section_it_is_given(plugin_host) -> None:
    async with plugin_host(Stamp, config={"header": "x-mine"}) as host:
        response = await host.client.get("/any/path?a=1")

    assert response.headers["x-mine"] == "seen"
    assert response.json()["path"] == "/any/path"
    assert response.json()["query"] == {"a": "1"}


async def test_a_file_is_a_plugin_too(plugin_host, plugin_folder) -> None:
    path = plugin_folder(STAMP, name="stamping")

    async with plugin_host(path, config={"header": "x-mine"}) as host:
        response = await host.client.get("/")

    assert response.headers["x-mine"] == "seen"
    assert host.name == "stamp"


async def test_so_are_a_folder_an_instance_and_a_module_with_hooks(
    plugin_host, plugin_folder
) -> None:
    folder = plugin_folder(STAMP, name="stamping").parent

    class Tagger:
        @hookimpl
        def service_pre_register(self, service_info):
            return {**service_info, "tags": ["tagged"]}

    async with plugin_host(Tagger(), folder, Stamp2) as host:
        assert host.names == ("tagger", "stamp2", "stamp")
        info = await host.ask(service_pre_register, {"name": "billing"})

    assert info == {"name": "billing", "tags": ["tagged"]}


@plugin(name="stamp2")
class Stamp2(IPlugin): ...


async def test_the_fixture_is_the_class_and_the_class_needs_no_fixture() -> None:
    async with PluginHost(Stamp) as host:
        assert isinstance(host.plugin, Stamp)
        assert host.context.name == "stamp"
        assert host.status().version == "1.2"


async def test_one_that_does_not_start_is_named_with_its_reason(plugin_host) -> None:
    class Broken(IPlugin):
        async def start(self) -> None:
            raise OSError("no such host")

    with pytest.raises(NotStarted) as raised:
        async with plugin_host(Broken):
            pass

    said = str(raised.value)
    assert "plugin 'broken' is error in start" in said
    assert "no such host" in said
    assert "starts=False" in said


async def test_where_there_is_no_plugin_it_is_said(plugin_host, plugin_folder) -> None:
    folder = plugin_folder("helper = 1", name="_helper").parent

    with pytest.raises(NotStarted, match=r"there is no plugin: give one, or a folder"):
        async with plugin_host(folder) as host:
            _ = host.plugin
    with pytest.raises(NotStarted, match="there is no plugin"):
        async with plugin_host(config={"header": "x-mine"}):
            pass


async def test_one_that_should_not_start_can_be_looked_at(plugin_host) -> None:
    class Broken(IPlugin):
        async def start(self) -> None:
            raise OSError("no such host")

    async with plugin_host(Broken, starts=False) as host:
        assert host.status().phase == "start"
        with pytest.raises(NotStarted):
            _ = host.plugin


async def test_a_reload_takes_new_code_and_a_changed_section(plugin_host, plugin_folder) -> None:
    path = plugin_folder(STAMP)
    async with plugin_host(path, config={"header": "x-one", "kept": 1}) as host:
        path.write_text(path.read_text().replace('"seen"', '"seen anew"'))

        done = await host.reload(header="x-two", drained=True)

        assert (done.generation, done.code_reloaded, done.rolled_back) == (2, True, False)
        assert host.context.plugin_config == {"header": "x-two", "kept": 1}
        response = await host.client.get("/")
        assert response.headers["x-two"] == "seen anew"


async def test_the_operator_has_the_token(plugin_host) -> None:
    async with plugin_host(Stamp) as host:
        seen = (await host.operator.get("/plugins/stamp")).json()
        answer = await host.operator.post("/plugins/stamp/reload")
        refused = await host.client.get("/-/marty/plugins")

    assert seen["version"] == "1.2"
    assert answer.status_code == 200
    assert refused.status_code == 401


async def test_a_websocket_goes_there_and_back(plugin_host) -> None:
    async with plugin_host(Stamp) as host, host.websocket("/ws?a=1") as websocket:
        await websocket.send("hello")
        await websocket.send(b"bytes")

        assert await websocket.receive() == "hello"
        assert await websocket.receive() == b"bytes"


async def test_a_websocket_that_is_refused_says_how(plugin_host) -> None:
    class Guard(IMiddlewarePlugin):
        async def process_websocket(self, websocket, call_next):
            await websocket.close(4003)

    async with plugin_host(Guard) as host:
        with pytest.raises(WebSocketRefused) as raised:
            async with host.websocket("/ws"):
                pass

    assert raised.value.code == 4003


async def test_the_lifespan_of_the_application_runs_and_its_state_is_there(plugin_host) -> None:
    from contextlib import asynccontextmanager

    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    @asynccontextmanager
    async def lifespan(app):
        yield {"word": "from the lifespan"}

    app = Starlette(
        routes=[Route("/", lambda request: PlainTextResponse(request.state.word))],
        lifespan=lifespan,
    )

    async with plugin_host(Stamp, app=app) as host:
        response = await host.client.get("/")

    assert response.text == "from the lifespan"
    assert response.headers["x-stamp"] == "seen"


async def test_settings_are_laid_over_ours(plugin_host) -> None:
    settings = {"service": {"version": "3.1"}, "management": {"token": "another"}}

    async with plugin_host(Stamp, settings=settings) as host:
        assert host.chassis.config.service.name == "plugin-host"
        assert host.chassis.config.service.version == "3.1"
        assert (await host.operator.get("/plugins/stamp")).status_code == 200


async def test_an_error_of_the_test_is_not_hidden_by_what_is_left(plugin_host, monkeypatch) -> None:
    monkeypatch.setenv("HOARDED", "")

    class Hoarder(IPlugin):
        async def start(self) -> None:
            os.environ["HOARDED"] = "1"

    with pytest.raises(ZeroDivisionError):
        async with plugin_host(Hoarder):
            _ = 1 / 0


async def test_a_service_plugin_sees_nothing_of_the_project_around_it(
    plugin_host, tmp_path: Path, monkeypatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "martyconf.py").write_text("raise RuntimeError('not asked for')")
    (project / ".env").write_text("MARTY_SERVICE__VERSION=9\n")
    monkeypatch.chdir(project)

    class Quiet(IServicePlugin): ...

    async with plugin_host(Quiet, folder=tmp_path / "elsewhere") as host:
        assert host.names == ("quiet",)
        assert host.chassis.config.service.version == "0.0.0"
