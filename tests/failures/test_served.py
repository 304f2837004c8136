"""The same through a real server: what a plugin does never ends it, and nobody gets past a guard."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from marty_chassis import create_app

from .files import NEIGHBOUR, RAISING, hooked
from .house import ANSWER, TOKEN, Application, Project
from .test_authentication import GUARD, PASS, SECTION, guard

Serve = Callable[[Path], tuple[httpx2.Client, Application]]


@pytest.fixture
def served(interrupts: list[str]) -> Iterator[Serve]:
    """Serve an application with plugins; gives a client and what knows whether it was asked."""
    with ExitStack() as stack:

        def made(config: Path) -> tuple[httpx2.Client, Application]:
            application = Application()
            app = create_app(config, routes=application.routes)
            return stack.enter_context(_served(app)), application

        yield made


@contextmanager
def _served(app: Any) -> Iterator[httpx2.Client]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    port = listening.getsockname()[1]
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
            while not server.started and thread.is_alive():
                thread.join(0.01)
            assert server.started, "the server did not start"
            yield client
            assert thread.is_alive(), "the server has ended by itself"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
    assert not thread.is_alive(), "the server did not stop"
    assert app.state.chassis.pending() == {}


def handshake(client: httpx2.Client, **headers: str) -> int:
    """The status that the server answers who opens a websocket."""
    url = client.base_url
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: {url.host}:{url.port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    with socket.create_connection((url.host, url.port), timeout=5) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(connection.recv(1000).split()[1])


def test_a_guard_lets_in_who_knows_the_password(project: Project, served: Serve) -> None:
    project.plugin("guard", GUARD)

    client, _ = served(project.configure({"guard": SECTION}))

    assert client.get("/").status_code == 401
    assert client.get("/", headers=PASS).text == ANSWER
    assert handshake(client) == 403
    assert handshake(client, **PASS) == 101


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 503),
        ("class (:\n", 503),
        (guard(start="raise SystemExit(3)"), 503),
        (guard(initialize="raise KeyboardInterrupt"), 503),
        (guard(process_request="sys.exit(3)", process_websocket="sys.exit(3)"), 500),
        (guard(process_request="raise Odd", process_websocket="raise Odd"), 500),
        (
            guard(process_request="raise KeyboardInterrupt", process_websocket="raise Odd"),
            500,
        ),
        (guard(process_request="return 3", process_websocket="return 3"), 500),
    ],
)
def test_a_broken_guard_lets_nobody_in(
    project: Project, served: Serve, text: str, status: int
) -> None:
    project.plugin("guard", text)

    client, application = served(project.configure({"guard": SECTION}))

    for headers in ({}, PASS):
        assert client.get("/", headers=headers).status_code == status
        assert handshake(client, **headers) in (403, status)
    assert application.asked == 0
    assert client.get("/health/live").status_code == 200
    shown = client.get("/plugins/status", headers={"authorization": f"Bearer {TOKEN}"})
    assert shown.status_code == 200


@pytest.mark.parametrize("kind", RAISING)
@pytest.mark.parametrize("hook", ["web_wrap", "web_routes", "middleware_process"])
def test_what_a_plugin_raises_in_a_request_does_not_end_the_server(
    project: Project, served: Serve, hook: str, kind: str
) -> None:
    raising = RAISING[kind][0]
    parameters, statements = {
        "web_wrap": (
            "app",
            f"""
async def around(scope, receive, send):
    if scope["path"] == "/fail": {raising}
    await app(scope, receive, send)
return around""",
        ),
        "web_routes": (
            "",
            f"async def fail(request): {raising}\nreturn [Route('/fail', fail)]",
        ),
        "middleware_process": (
            "request call_next",
            f"if request.url.path == '/fail': {raising}\nreturn await call_next(request)",
        ),
    }[hook]
    project.plugin("troubled", hooked(hook, parameters, statements))
    project.plugin("neighbour", NEIGHBOUR)

    client, _ = served(project.configure())

    assert client.get("/fail").status_code == 500
    answer = client.get("/")
    assert (answer.text, answer.headers["x-neighbour"]) == (ANSWER, "here")


INTERRUPTED = """
import anyio
from marty_chassis import create_app, serve

app = create_app("config.yaml")

async def main():
    await serve(app, port=0, on_serving=lambda host, port: print(port, flush=True))

try:
    anyio.run(main)
finally:
    print("open:", app.state.chassis.pending(), flush=True)
"""


def test_an_interrupt_inside_of_a_plugin_stops_the_service_cleanly(project: Project) -> None:
    statements = "if request.url.path == '/stop': raise KeyboardInterrupt\n"
    statements += "return await call_next(request)"
    trouble = hooked("middleware_process", "request call_next", statements)
    trouble += "    async def stop(self): Path('stopped').touch()\n"
    project.plugin("troubled", trouble)
    project.configure()
    project.write("served.py", INTERRUPTED)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(
        [sys.executable, "served.py"],
        cwd=project.root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Started in the background by a shell, we would hand on that interrupts are ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())

        answer = httpx2.get(f"http://127.0.0.1:{port}/stop", timeout=5)
        said, wrong = process.communicate(timeout=10)
    finally:
        process.kill()

    assert answer.status_code == 500
    assert (project.root / "stopped").exists(), "the plugin's own stop has run"
    assert said.strip() == "open: {}"
    assert "the service is asked to stop" in wrong
    assert process.returncode in (-signal.SIGINT, 128 + signal.SIGINT)
