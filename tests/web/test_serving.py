"""`serve`: a real server in the loop that is running, and what keeps it from serving."""

from __future__ import annotations

import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from loguru import logger
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from marty_chassis import Chassis, ChassisConfig, create_app, serve
from marty_chassis.errors import CannotListen, StartupFailed, WrongLoop
from marty_chassis.plugins import IServicePlugin, plugin
from marty_chassis.web.records import ToLoguru, handed_on
from marty_chassis.web.serving import chassis_of
from marty_hookspecs import ServiceInfo

Ask = Callable[[str], Awaitable[None]]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """uvicorn runs on asyncio alone."""
    return "asyncio"


async def home(request: Request) -> PlainTextResponse:
    return PlainTextResponse("home")


async def while_serving(ask: Ask, app: Any, **options: Any) -> None:
    """Serve, ask with the address as soon as somebody listens, and cancel the server."""
    addresses: list[str] = []
    listens = anyio.Event()

    def serving(host: str, port: int) -> None:
        addresses.append(f"http://{host}:{port}")
        listens.set()

    async with anyio.create_task_group() as group:

        async def run() -> None:
            await serve(app, port=0, on_serving=serving, **options)

        group.start_soon(run)
        with anyio.fail_after(10):
            await listens.wait()
            await ask(addresses[0])
        group.cancel_scope.cancel()


async def test_an_application_is_served_until_it_is_cancelled_and_then_shut_down() -> None:
    said: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:
        said.append("up")
        yield
        said.append("down")

    async def ask(url: str) -> None:
        async with httpx2.AsyncClient() as client:
            answer = await client.get(url)
        said.append(answer.text)
        assert "server" not in answer.headers

    await while_serving(ask, Starlette(routes=[Route("/", home)], lifespan=lifespan))

    assert said == ["up", "home", "down"]


async def test_the_chassis_learns_where_it_listens(tmp_path: Path) -> None:
    app = create_app(name="shop", routes=[Route("/", home)])

    async def ask(url: str) -> None:
        (found,) = await app.state.chassis.service_registry.discover({"name": "shop"})
        assert f"http://{found['address']}:{found['port']}" == url

    await while_serving(ask, app)


async def test_a_configuration_is_served_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("service: {name: shop}")

    async def ask(url: str) -> None:
        async with httpx2.AsyncClient() as client:
            assert (await client.get(f"{url}/health/ready")).status_code == 200

    await while_serving(ask, file)


async def test_the_management_api_has_a_port_of_its_own_where_it_is_given_one() -> None:
    lines: list[str] = []
    sink = logger.add(lines.append, format="{message}", diagnose=False)
    config = ChassisConfig(management={"listen": "127.0.0.1:0", "token": "secret"})
    app = create_app(config, routes=[Route("/", home)])
    headers = {"Authorization": "Bearer secret"}

    async def ask(url: str) -> None:
        said = next(line for line in lines if line.startswith("management at "))
        manage = said.removeprefix("management at ").strip()
        async with httpx2.AsyncClient(headers=headers) as client:
            assert (await client.get(f"{manage}/plugins/status")).status_code == 200
            assert (await client.get(f"{manage}/health/live")).status_code == 200
            assert (await client.get(f"{manage}/")).status_code == 404
            assert (await client.get(f"{url}/plugins/status")).status_code == 404
            assert (await client.get(f"{url}/")).text == "home"

    try:
        await while_serving(ask, app)
    finally:
        logger.remove(sink)

    assert not any("was not served" in line or "knows nothing" in line for line in lines)


async def test_a_busy_port_of_the_management_names_its_own_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config = ChassisConfig(management={"listen": f"127.0.0.1:{port}"})

        with pytest.raises(CannotListen, match=r": management\.listen or MARTY_MANAGEMENT__LISTEN"):
            await serve(config, port=0)


async def test_a_server_that_knows_nothing_of_that_port_is_warned_of() -> None:
    lines: list[str] = []
    sink = logger.add(lines.append, format="{message}", diagnose=False)
    try:
        async with Chassis(ChassisConfig(management={"listen": "127.0.0.1:0"})):
            pass
    finally:
        logger.remove(sink)

    assert "management.listen is set, and this server knows nothing of it" in "".join(lines)


async def test_every_address_of_this_machine_is_none_for_the_registry() -> None:
    app = create_app(name="shop")

    async def ask(url: str) -> None:
        (found,) = await app.state.chassis.service_registry.discover({"name": "shop"})
        assert (found["address"], str(found["port"])) == (None, url.rpartition(":")[2])

    await while_serving(ask, app, host="0.0.0.0")


async def test_a_name_with_two_addresses_has_one_port() -> None:
    async def ask(url: str) -> None:
        async with httpx2.AsyncClient() as client:
            port = url.rpartition(":")[2]
            assert (await client.get(f"http://127.0.0.1:{port}")).text == "home"

    await while_serving(ask, Starlette(routes=[Route("/", home)]), host="localhost")


async def test_a_busy_port_is_said_before_the_application_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(CannotListen) as caught:
            await serve(never_called, port=port)

    assert str(caught.value) == (
        f"cannot listen on 127.0.0.1:{port}: another program listens there. Stop the program that"
        " listens there, or take another port (0 takes a free one): --host and --port, or"
        " service.host and service.port."
    )


@pytest.mark.parametrize(
    ("host", "reason"),
    [("203.0.113.7", "cannot assign requested address"), ("no.such.host.invalid", "")],
)
async def test_an_address_of_another_machine_is_refused(host: str, reason: str) -> None:
    with pytest.raises(CannotListen, match=rf"^cannot listen on {host}:0: {reason}") as caught:
        await serve(never_called, host=host, port=0)

    assert "Give an address of this machine" in str(caught.value)


async def test_two_that_have_bound_one_port_find_out_when_they_listen() -> None:
    said: list[str] = []

    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]

        with pytest.raises(CannotListen, match="another program listens there"):
            await serve(Starlette(lifespan=slow(reserved, said)), port=port)

    assert said == ["up", "down"]


def slow(reserved: socket.socket, said: list[str]) -> Any:
    """A lifespan in which another one, who has bound the same port, begins to listen."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:
        said.append("up")
        reserved.listen()
        yield
        said.append("down")

    return lifespan


async def test_a_lifespan_that_fails_is_an_error_and_no_exit() -> None:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:
        raise OSError("no database")
        yield

    with pytest.raises(StartupFailed, match="what was logged just before this says why"):
        await serve(Starlette(lifespan=lifespan), port=0)


def test_another_event_loop_is_refused_in_words() -> None:
    with pytest.raises(WrongLoop, match="uvicorn runs on asyncio alone"):
        anyio.run(serve, never_called, backend="trio")


async def test_the_chassis_of_an_application_is_found() -> None:
    chassis = Chassis()
    made = create_app()

    assert chassis_of(chassis.wrap(never_called)) is chassis
    assert chassis_of(made) is made.state.chassis
    assert chassis_of(Starlette()) is None


def test_records_of_logging_become_lines_of_loguru() -> None:
    lines: list[str] = []
    sink = logger.add(lines.append, format="{name}:{level}:{message}", diagnose=False)
    source = logging.getLogger("tests.some.library")
    try:
        with handed_on("tests.some.library"):
            source.info("50 %s of {it}", "%")
            source.log(25, "an odd level")
            source.log(17, "below the level")
            source.debug("nobody wants to know")
        source.warning("afterwards")
    finally:
        logger.remove(sink)

    assert lines == [
        "tests.some.library:INFO:50 % of {it}\n",
        "tests.some.library:Level 25:an odd level\n",
    ]
    assert source.handlers == []


def test_a_logger_with_handlers_of_its_own_is_left_alone() -> None:
    source = logging.getLogger("tests.another.library")
    mine = logging.NullHandler()
    source.addHandler(mine)
    try:
        with handed_on("tests.another.library"):
            assert source.handlers == [mine]
    finally:
        source.removeHandler(mine)

    assert repr(ToLoguru()) == "<ToLoguru>"


async def never_called(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("the application was started")


async def test_the_service_leaves_the_registry_while_it_still_answers() -> None:
    answered: list[int] = []

    @plugin(name="desk")
    class Desk(IServicePlugin):
        async def on_service_unregister(self, service_info: ServiceInfo) -> None:
            async with httpx2.AsyncClient() as client:
                home = f"http://{service_info['address']}:{service_info['port']}/"
                answered.append((await client.get(home)).status_code)

    async def ask(address: str) -> None:
        async with httpx2.AsyncClient(base_url=address) as client:
            assert (await client.get("/")).status_code == 200

    await while_serving(ask, create_app(routes=[Route("/", home)], plugins=[Desk]))

    assert answered == [200]
