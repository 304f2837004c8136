"""Under a real uvicorn, which has its own way of reading the first line of a request."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import parse_headers
from time import monotonic, sleep
from typing import Any, BinaryIO

import pytest
import uvicorn
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from marty_chassis import Chassis, ChassisConfig
from marty_chassis.contrib.jwt_authentication import JwtAuthentication

from .test_paths import ADMIN, PUBLIC
from .tokens import SECRET, SECTION, application, bearer

NAME = "jwt-authentication"
Address = tuple[str, int]
Reload = Callable[..., None]


@contextmanager
def served(http: Any, **section: Any) -> Iterator[tuple[Address, Any, Reload]]:
    """Serve a guarded application on a free port; gives the address, it, and a way to reload."""
    config = ChassisConfig(plugins={NAME: {**SECTION, **section}})
    chassis, app = Chassis(config, plugins=[JwtAuthentication]), application()
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            chassis.wrap(app),
            http=http,
            loop="asyncio",  # whose transports inherit the context of who lets them go on
            log_config=None,
            lifespan="on",
            ws="websockets-sansio",
        )
    )

    def reload(**changes: Any) -> None:
        manager = chassis.plugin_manager
        manager.supervisor.configure(manager.config.changed({"plugins": {NAME: changes}}))
        loop = server.servers[0].get_loop()
        asyncio.run_coroutine_threadsafe(manager.reload(NAME), loop).result(5)

    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    until = monotonic() + 10
    while not server.started and monotonic() < until:
        sleep(0.005)
    try:
        yield listening.getsockname(), app, reload
    finally:
        server.should_exit = True
        thread.join(5)
        listening.close()


def asked(address: Address, target: str) -> int:
    """What a request is answered with whose first line holds this, as it is."""
    with socket.create_connection(address, timeout=5) as connection:
        line = f"GET {target} HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n"
        connection.sendall(line.encode())
        return answered(connection.makefile("rb"))


def answered(answers: BinaryIO) -> int:
    """The status of the next answer; the rest of it is read, too."""
    status = int(answers.readline().split()[1])
    answers.read(int(parse_headers(answers).get("content-length", 0)))
    return status


@pytest.mark.parametrize("http", ["h11", "httptools"])
def test_no_target_of_a_request_leads_past_the_guard(http: str) -> None:
    pytest.importorskip(http)
    paths = {"paths": ["/admin"], "exempt": ["/public", "/public/*"]}

    with served(http, **paths) as (address, app, _):
        for target in [*ADMIN, "/admin HTTP/1.1\r\nX: /public"]:
            assert asked(address, target) in (400, 401), target
        assert app.state.asked == 0
        for target in PUBLIC:
            assert asked(address, target) == 200


@pytest.mark.parametrize("http", ["h11", "httptools"])
@pytest.mark.parametrize("size", [0, 1_000_000], ids=["pipelined", "after a large body"])
def test_an_open_connection_is_guarded_by_what_was_reloaded(http: str, size: int) -> None:
    pytest.importorskip(http)
    head = f"POST / HTTP/1.1\r\nHost: service\r\nAuthorization: {bearer()['authorization']}\r\n"
    request = f"{head}Content-Length: {size}\r\n\r\n".encode() + b"x" * size

    with (
        served(http) as (address, app, reload),
        socket.create_connection(address, timeout=5) as connection,
    ):
        answers = connection.makefile("rb")
        connection.sendall(request + request)
        assert [answered(answers), answered(answers)] == [200, 200]

        reload(jwt_secret=SECRET[::-1])
        connection.sendall(request)
        assert answered(answers) == 401
        assert app.state.asked == 2


def test_a_handshake_is_refused_with_an_answer() -> None:
    with served("h11") as ((host, port), app, _):
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://{host}:{port}/ws")
        with connect(f"ws://{host}:{port}/ws", additional_headers=bearer()) as websocket:
            assert websocket.recv() == "ada"

    answer = refused.value.response
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="marty"'
    assert b'"status": 401' in (answer.body or b"")
    assert app.state.asked == 1
