"""`marty plugins reload|enable|disable`: a running service is asked, and what it says is told."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from .conftest import Marty, Process, Write

TOKEN = "a-token-for-this-test"
RELOADED = {
    "plugin": "audit", "generation": 2, "cascade": ["user"], "code_reloaded": True,
    "require_restart": False, "rolled_back": False, "reason": "", "duration_ms": 3.25,
    "draining": 1, "worker": 7, "sha256": "ab",
}  # fmt: skip


class Fake:
    """A service that answers as it is told, and notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.answers: dict[str, tuple[int, Any]] = {}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                fake.asked.append((self.path, self.headers["Authorization"]))
                status, said = fake.answers.get(self.path, (404, {"detail": "Not Found"}))
                body = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def fake() -> Iterator[Fake]:
    made = Fake()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join()


def test_a_reload_is_asked_for_below_the_prefix_and_told(marty: Marty, fake: Fake) -> None:
    fake.answers["/-/marty/plugins/audit/reload"] = 200, RELOADED

    done = marty("plugins", "reload", "audit", "--url", fake.url, "--token", TOKEN)

    assert done.exit_code == 0
    assert done.stdout == (
        "audit: generation 2 serves, with user, after 3.2 ms; 1 requests still use the old one\n"
    )
    assert fake.asked == [("/-/marty/plugins/audit/reload", f"Bearer {TOKEN}")]


def test_paths_at_the_root_are_found_too_and_a_path_of_the_url_is_taken_as_it_is(
    marty: Marty, fake: Fake
) -> None:
    fake.answers["/plugins/audit/reload"] = 200, RELOADED
    fake.answers["/own/plugins/audit/reload?wait=drain"] = 200, RELOADED

    first = marty("plugins", "reload", "audit", "--url", fake.url, "--token", TOKEN)
    line = ("reload", "audit", "--wait", "--url", f"{fake.url}/own/", "--token", TOKEN)
    second = marty("plugins", *line)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert [path for path, _ in fake.asked] == [
        "/-/marty/plugins/audit/reload",
        "/plugins/audit/reload",
        "/own/plugins/audit/reload?wait=drain",
    ]


def test_one_that_was_taken_back_is_an_error_with_its_reason(marty: Marty, fake: Fake) -> None:
    said = {**RELOADED, "type": "urn:marty:rolled-back", "detail": "not reloaded. x.py:1: no"}
    fake.answers["/-/marty/plugins/audit/reload"] = 422, said
    line = ("plugins", "reload", "audit", "--url", fake.url, "--token", TOKEN)

    plain, as_data = marty(*line), marty(*line, "--json")

    assert (plain.exit_code, plain.stdout, plain.stderr) == (
        1,
        "",
        "error: not reloaded. x.py:1: no\n",
    )
    assert (as_data.exit_code, json.loads(as_data.stdout)) == (1, said)


def test_address_and_token_are_those_of_the_configuration(
    marty: Marty, fake: Fake, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("config.yaml", f"management: {{listen: '127.0.0.1:{fake.server.server_port}'}}")
    monkeypatch.setenv("MARTY_MANAGEMENT__TOKEN", TOKEN)
    said = {"plugin": "audit", "action": "disable", "state": "disabled", "reason": ""}
    fake.answers["/-/marty/plugins/audit/disable?force=true"] = 200, said

    done = marty("plugins", "disable", "audit", "--force")

    assert (done.exit_code, done.stdout) == (0, "audit is disabled\n")
    assert fake.asked[0][1] == f"Bearer {TOKEN}"
    assert TOKEN not in done.output


def test_a_name_stays_a_name(marty: Marty, fake: Fake) -> None:
    marty("plugins", "enable", "../x?y=1", "--url", f"{fake.url}/own", "--token", TOKEN)

    assert fake.asked[0][0] == "/own/plugins/..%2Fx%3Fy%3D1/enable"


def test_without_a_token_the_variable_is_named(marty: Marty) -> None:
    done = marty("plugins", "reload", "audit")

    assert done.exit_code == 2
    assert "set MARTY_MANAGEMENT__TOKEN" in done.stderr


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, {"detail": "Not Found"}), "it answers 404, and not as the management API does"),
        ((502, b"<html>"), "it answers 502"),
        ((503, [1]), "it answers 503"),
    ],
)
def test_who_is_no_management_api_is_not_believed(
    marty: Marty, fake: Fake, answer: tuple[int, Any], said: str
) -> None:
    fake.answers["/plugins/audit/reload"] = answer

    done = marty("plugins", "reload", "audit", "--url", fake.url, "--token", TOKEN)

    assert done.exit_code == 1
    assert f"no service can be asked at {fake.url}/-/marty or {fake.url}: {said}" in done.stderr


def test_nobody_there_and_no_address_are_said(marty: Marty) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        nobody = marty("plugins", "reload", "audit", "--url", url, "--token", TOKEN)
    wrong = marty("plugins", "reload", "audit", "--url", "localhost:80", "--token", TOKEN)

    assert nobody.exit_code == 1
    assert "Is it running, and is this its address?" in nobody.stderr
    assert wrong.exit_code == 2
    assert "is no http:// or https:// address" in wrong.stderr


PLUGIN = """
    from marty_hookspecs import hookimpl

    @hookimpl
    def middleware_post_response(response, request):
        response.headers["x-plugin"] = "{word}"
    """


def test_a_service_that_runs_is_moved_from_the_command_line(
    write: Write, start: Callable[..., Process], marty: Marty
) -> None:
    write("config.yaml", "plugins: {directories: [./plugins]}\nmanagement: {prefix: /manage}")
    write("plugins/stamp.py", PLUGIN.format(word="1"))
    write(
        "service.py",
        "from starlette.applications import Starlette\napp = Starlette()\n",
    )
    service = start("run", "service:app", "--port", "0", MARTY_MANAGEMENT__TOKEN=TOKEN)
    url = service.said(r"serves (http://\S+)$")[1]
    there = ("--url", url, "--token", TOKEN)

    write("plugins/stamp.py", PLUGIN.format(word="2"))
    reloaded = marty("plugins", "reload", "stamp", "--wait", "--json", *there)
    write("plugins/stamp.py", "class (")
    broken = marty("plugins", "reload", "stamp", *there)
    off = marty("plugins", "disable", "stamp", "--force", *there)
    wrong = marty("plugins", "enable", "stump", *there)

    said = json.loads(reloaded.stdout)
    assert (reloaded.exit_code, said["generation"], said["code_reloaded"]) == (0, 2, True)
    assert broken.exit_code == 1
    assert "stamp.py:1: SyntaxError" in broken.stderr
    assert (off.exit_code, off.stdout) == (0, "stamp is disabled\n")
    assert wrong.exit_code == 1
    assert "Did you mean 'stamp'?" in wrong.stderr
    assert service.end() in (0, 130)
