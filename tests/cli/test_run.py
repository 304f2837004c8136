"""`marty run` and `marty dev`: real processes that serve, and end when they are told to."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Callable, Iterator

import httpx2
import pytest

from .conftest import Process, Write

pytestmark = pytest.mark.slow

SERVES = r"serves (http://\S+)$"

PLUGIN = """
    from marty_hookspecs import hookimpl

    @hookimpl
    def middleware_post_response(response, request):
        response.headers["x-plugin"] = "was here"
    """

APPLICATIONS = """
    import anyio
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse, StreamingResponse
    from starlette.routing import Route
    from marty_chassis import create_app

    async def home(request):
        return PlainTextResponse("home")

    routes = [Route("/", home)]
    plain = Starlette(routes=routes)
    embedded = create_app("config.yaml", routes=routes)

    async def later():
        await anyio.sleep(0)
        return create_app("config.yaml", routes=routes)

    def factory():
        return Starlette(routes=routes)

    async def bare(scope, receive, send):
        if scope["type"] == "http":
            await PlainTextResponse("home")(scope, receive, send)
    """


@pytest.fixture
def project(write: Write) -> None:
    """A configuration with a plugin, and applications made in all ways."""
    write("config.yaml", "plugins: {directories: [./plugins]}")
    write("plugins/headers.py", PLUGIN)
    write("service.py", APPLICATIONS)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("name", ["plain", "embedded", "later", "factory", "bare"])
def test_an_application_is_served_with_plugins_however_it_is_made(
    start: Callable[..., Process], name: str
) -> None:
    process = start("run", f"service:{name}", "--port", 0)

    answer = httpx2.get(process.said(SERVES)[1])

    assert (answer.status_code, answer.text) == (200, "home")
    assert answer.headers["x-plugin"] == "was here"
    assert "server" not in answer.headers


@pytest.mark.usefixtures("project")
def test_a_file_that_the_application_does_not_read_is_named(
    start: Callable[..., Process], write: Write
) -> None:
    write(
        "forgetful.py",
        """
        from marty_chassis import create_app
        app = create_app()
        """,
    )

    process = start("run", "forgetful:app", "--port", 0)

    process.said(SERVES)
    assert (
        "config.yaml is not read: forgetful:app makes its chassis itself, from no file."
        " Name the file there: create_app('config.yaml').\n"
    ) in process.err


@pytest.mark.usefixtures("project")
def test_an_application_may_take_the_file_that_marty_was_given(
    start: Callable[..., Process], write: Write
) -> None:
    write("other.yaml", "service: {name: other}\nplugins: {directories: [./plugins]}")
    write(
        "willing.py",
        """
        import os
        from marty_chassis import create_app
        app = create_app(os.environ["MARTY_CONFIG"])
        """,
    )

    process = start("run", "--config", "other.yaml", "willing:app", "--port", 0)

    answer = httpx2.get(process.said(SERVES)[1])
    assert answer.headers["x-plugin"] == "was here"
    assert "is not read" not in process.err


@pytest.mark.usefixtures("project")
def test_a_configuration_alone_is_a_service(start: Callable[..., Process]) -> None:
    process = start("run", "--port", 0)

    url = process.said(SERVES)[1]

    assert httpx2.get(f"{url}/health/ready").json() == {"status": "pass"}
    assert httpx2.get(f"{url}/nothing").status_code == 404


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_it_ends_cleanly_when_it_is_told_to(
    start: Callable[..., Process], sign: int, code: int
) -> None:
    process = start("run", "service:plain", "--port", 0)
    process.said(SERVES)

    assert process.end(sign) == code
    assert "headers stopped\n" in process.err
    assert "Application shutdown complete.\n" in process.err
    assert "Traceback" not in process.err


@pytest.mark.usefixtures("project")
def test_open_streams_of_the_management_end_with_the_service(
    start: Callable[..., Process],
) -> None:
    process = start("run", "service:plain", "--port", 0, MARTY_MANAGEMENT__TOKEN="secret")
    url = process.said(SERVES)[1]
    headers = {"Authorization": "Bearer secret"}

    with httpx2.stream("GET", f"{url}/-/marty/plugins/events", headers=headers) as stream:
        assert stream.status_code == 200
        lines = stream.iter_lines()
        next(lines)
        process.process.send_signal(signal.SIGINT)
        for _ in lines:
            pass

    assert process.wait() == 130
    assert "timeout graceful shutdown exceeded" not in process.err


@pytest.mark.usefixtures("project")
def test_a_busy_port_is_found_out_before_a_plugin_starts(
    start: Callable[..., Process], busy: int
) -> None:
    process = start("run", "service:plain", "--port", busy)

    assert process.wait() == 3
    assert process.err == (
        f"error: cannot listen on 127.0.0.1:{busy}: another program listens there. Stop the program"
        " that listens there, or take another port (0 takes a free one): --host and --port, or"
        " service.host and service.port.\n"
    )


@pytest.mark.usefixtures("project")
def test_dev_makes_a_token_logs_requests_and_shows_errors(
    start: Callable[..., Process], write: Write
) -> None:
    write(
        "faulty.py",
        APPLICATIONS + "\n    async def fails(request): 1 / 0\n"
        "    plain.router.routes.append(Route('/fails', fails))\n",
    )
    process = start("dev", "faulty:plain", "--port", 0, "--show-token")

    process.said("^After a change of the application itself, press Ctrl-C")
    token, url = re.findall(r'Bearer (\S+)" (\S+)$', process.err, re.MULTILINE)[0]
    status = httpx2.get(url, headers={"Authorization": f"Bearer {token}"})
    failed = httpx2.get(f"{process.said(SERVES)[1]}/fails")

    assert status.status_code == 200
    assert url.endswith("/-/marty/plugins/status")
    assert failed.status_code == 500
    process.said('"GET /fails HTTP/1.1" 500')
    process.said("ZeroDivisionError: division by zero")


@pytest.mark.usefixtures("project")
def test_the_log_is_one_and_shows_no_values(start: Callable[..., Process], write: Write) -> None:
    write(
        "plugins/talks.py",
        """
        import logging
        from marty_chassis.plugins import IPlugin, plugin

        @plugin(name="talks")
        class Talks(IPlugin):
            async def start(self):
                password = "hunter2"
                self.logger.info("I am {}", "here")
                logging.getLogger("a.library").warning("an old habit: {braces} %s", "too")
                raise ValueError("no luck")
        """,
    )

    process = start("run", "service:plain", "--port", 0)
    process.said(SERVES)
    process.end()

    assert " INFO    talks I am here\n" in process.err
    assert " WARNING an old habit: {braces} too\n" in process.err
    assert "ValueError: no luck" in process.err
    assert "hunter2" not in re.sub(
        r'^\s+password = "hunter2"$', "", process.err, flags=re.MULTILINE
    )


@pytest.fixture
def busy() -> Iterator[int]:
    """A port of this machine that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.usefixtures("project")
def test_each_request_is_a_line_for_those_who_want_it(
    start: Callable[..., Process],
) -> None:
    process = start("run", "service:later", "--port", 0, "--access-log")

    httpx2.get(process.said(SERVES)[1])

    process.said(r'INFO    127\.0\.0\.1:\d+ - "GET / HTTP/1\.1" 200')
