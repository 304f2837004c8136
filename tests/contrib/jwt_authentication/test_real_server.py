"""Under a real uvicorn, which has its own way of reading the first line of a request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import pytest
import uvicorn
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from marty_chassis import Chassis, ChassisConfig
from marty_chassis.contrib.jwt_authentication import JwtAuthentication

from .test_paths import ADMIN, PUBLIC
from .tokens import SECTION, application, bearer

Address = tuple[str, int]


@contextmanager
def served(http: Any, **section: Any) -> Iterator[tuple[Address, Any]]:
    """Serve a guarded application on a free port; gives the address and the application."""
    config = ChassisConfig(plugins={"jwt-authentication": {**SECTION, **section}})
    app = application()
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            Chassis(config, plugins=[JwtAuthentication]).wrap(app),
            http=http,
            log_config=None,
            lifespan="on",
            ws="websockets-sansio",
        )
    )
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    until = monotonic() + 10
    while not server.started and monotonic() < until:
        sleep(0.005)
    try:
        yield listening.getsockname(), app
    finally:
        server.should_exit = True
        thread.join(5)
        listening.close()


def asked(address: Address, target: str) -> int:
    """What a request is answered with whose first line holds this, as it is."""
    with socket.create_connection(address, timeout=5) as connection:
        line = f"GET {target} HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n"
        connection.sendall(line.encode())
        return int(connection.makefile("rb").readline().split()[1])


@pytest.mark.parametrize("http", ["h11", "httptools"])
def test_no_target_of_a_request_leads_past_the_guard(http: str) -> None:
    pytest.importorskip(http)
    paths = {"paths": ["/admin"], "exempt": ["/public", "/public/*"]}

    with served(http, **paths) as (address, app):
        for target in [*ADMIN, "/admin HTTP/1.1\r\nX: /public"]:
            assert asked(address, target) in (400, 401), target
        assert app.state.asked == 0
        for target in PUBLIC:
            assert asked(address, target) == 200


def test_a_handshake_is_refused_with_an_answer() -> None:
    with served("h11") as ((host, port), app):
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://{host}:{port}/ws")
        with connect(f"ws://{host}:{port}/ws", additional_headers=bearer()) as websocket:
            assert websocket.recv() == "ada"

    answer = refused.value.response
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="marty"'
    assert b'"status": 401' in (answer.body or b"")
    assert app.state.asked == 1
