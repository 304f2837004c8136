"""No way of writing a path leads past the guard."""

from __future__ import annotations

import posixpath
import re
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Mount

from marty_chassis.contrib.jwt_authentication.readings import readings
from marty_chassis.contrib.jwt_authentication.rules import Rules
from marty_chassis.testing import PluginHost

from .conftest import Guarded
from .tokens import application, bearer

ADMIN = [
    "/admin", "/admin/", "/admin/users", "/admin/users/7",
    "//admin", "///admin", "//admin//users", "/public//../admin",
    "/%61dmin", "/%61%64%6d%69%6e", "/adm%69n/users", "/%2561dmin", "/%25%36%31dmin",
    "%2fadmin", "/%2fadmin", "/public%2f..%2fadmin", "/public/%2e%2e/admin",
    "/public/%2e%2e%2fadmin", "/public/.%2e/admin", "/public/%252e%252e%252fadmin",
    "/./admin", "/admin/.", "/x/../admin", "/x/y/../../admin", "/../admin", "/../../admin",
    "/public/../admin", "/public/./../admin", "/public/..//admin", "/public/x/../../admin/users",
    "/admin;x", "/admin;x=1/users", "/;x/admin", "/public;a/..;b/admin", "/public/..;/admin",
    "\\admin", "/\\admin", "/public\\..\\admin", "/public/..%5cadmin", "/%5Cadmin",
    "/ADMIN", "/Admin/users", "/%41dmin", "/public/../ADMIN", "/adm%c4%b1n", "/adm%c4%b0n",
    "/admin.", "/admin./users", "/admin%20", "/admin%20/users", "/admin..;/x",
    "/admin?x", "/admin%3fx", "/admin%23x", "/admin%2f", "/admin%2f..%2fadmin",
    "/admin%00", "/admin%00.png", "/public/%00/../admin", "/ad%0amin", "/admin%09", "/admin%0d%0a",
    "/\uff41dmin", "/%ef%bd%81dmin", "\uff0fadmin", "/public/\uff0e\uff0e/admin",
    "/public\uff0f..\uff0fadmin", "/\u24d0dmin",
    "/public/%c0%ae%c0%ae/admin", "/public%c0%af..%c0%afadmin", "/%ff/../admin",
    "http://service/admin", "https://other:443/admin", "HTTP://SERVICE/%61dmin", "//other/admin",
    "/http://x/../../../admin", "admin", "admin/users", "./admin", "../admin",
    "/%2e/admin", "/%2e%2e/admin", "/public/%2E%2E/%61dmin", "/.;/admin", "/%3b/admin",
]  # fmt: skip
"""Ways to write `/admin`, or what is below it."""

PUBLIC = [
    "/public", "/public/", "/public/logo.png", "/public/a%20b.css", "/public/caf%C3%A9",
    "/public/caf%c3%a9", "/public/a+b", "/public/~ada/x_y-z", "/public/a,b", "/public/a:b@c",
]  # fmt: skip
ELSEWHERE = [
    "/",
    "/adm",
    "/administrator",
    "/admins/users",
    "/orders/admin",
    "/x/public",
    "/%C3%A9",
]


def scope(target: str, **more: Any) -> dict[str, Any]:
    """What a server makes of the target of a request: the path decoded once, the raw one beside."""
    raw, _, query = target.partition("?")
    return {
        "type": "http",
        "path": unquote(raw),
        "raw_path": raw.encode("utf-8"),
        "query_string": query.encode(),
        "root_path": "",
        **more,
    }


def views(target: str) -> list[dict[str, Any]]:
    """The same from servers that say less, or decode less, or more."""
    asked = scope(target)
    return [
        asked,
        {name: value for name, value in asked.items() if name not in ("raw_path", "root_path")},
        {**asked, "path": target, "raw_path": None},
        {**asked, "path": asked["raw_path"].decode("latin-1")},
        {**asked, "raw_path": target.encode()},
        {**asked, "path": unquote(asked["path"])},
    ]


@pytest.mark.parametrize("target", ADMIN)
def test_every_way_to_write_a_guarded_path_is_guarded(target: str) -> None:
    only_admin = Rules(["/admin"])
    all_but_public = Rules(["/"], ["/public", "/public/*", "/"])
    with_scopes = Rules(["/x"], ["/public/*", "/public"], {"/admin": ["admin"]})

    for asked in views(target):
        assert only_admin.needed(asked) == frozenset()
        assert all_but_public.needed(asked) == frozenset()
        assert with_scopes.needed(asked) == frozenset({"admin"})


@pytest.mark.parametrize("target", PUBLIC)
def test_what_is_exempt_is_open(target: str) -> None:
    rules = Rules(["/"], ["/public", "/public/*"], {"/": ["user"]})

    assert rules.needed(scope(target)) is None


@pytest.mark.parametrize("target", ELSEWHERE)
def test_what_only_looks_alike_is_not_what_is_named(target: str) -> None:
    assert Rules(["/admin"]).needed(scope(target)) is None
    assert Rules(["/"], ["/public", "/public/*"]).needed(scope(target)) == frozenset()
    assert Rules(["/"], (), {"/admin": ["admin"]}).needed(scope(target)) == frozenset()


@pytest.mark.parametrize(
    "target",
    [
        "/login/", "/Login", "/login/x", "/login;x", "/login.", "//login", "/x/../login", "/log%69n",
        "/login%2f", "/login%20", "/./login", "/login%3fx", "login", "/login%00",
    ],
)  # fmt: skip
def test_an_exempt_path_is_meant_as_it_is_written(target: str) -> None:
    rules = Rules(["/"], ["/login"])

    assert rules.needed(scope("/login?next=/admin")) is None
    assert rules.needed(scope(target)) == frozenset()


def test_a_path_that_nobody_can_read_needs_every_scope() -> None:
    rules = Rules(["/x"], ["/public/*"], {"/a": ["one"], "/b": ["two"]})

    for target in ("/public/%00", "/%ff", "/public/%" + "25" * 70 + "41", "/public/" + "/a" * 3000):
        assert rules.needed(scope(f"{target};")) == frozenset({"one", "two"})


def test_scopes_of_paths_within_each_other_add_up() -> None:
    rules = Rules(["/"], ["/admin/help"], {"/admin": ["staff"], "/admin/keys": ["root"]})

    assert rules.needed(scope("/admin/keys/1")) == frozenset({"staff", "root"})
    assert rules.needed(scope("/admin/users")) == frozenset({"staff"})
    assert rules.needed(scope("/admin/help")) is None
    assert rules.needed(scope("/keys")) == frozenset()


@pytest.mark.parametrize(
    ("root", "path", "needed"),
    [
        ("/svc", "/svc/admin", True),
        ("/svc", "/admin", True),  # of a server that leaves the prefix out
        ("/svc/", "/svc//admin", True),
        ("/svc", "/svc", False),
        ("/svc", "/svc/public", False),
        ("/svc", "/svcadmin", True),  # of a target without a slash
        ("/svc", "/svchttp://service/admin", True),  # of a target with everything
        ("/svc", "/svc//service/admin", True),
        ("/svc", "/svc/../admin", True),
        ("/svc/a/b", "/svc/a/b/../../admin", True),
        ("/svc", "/svcx/admin", False),
        ("/adm", "/admin", True),
        ("/admin", "/admin/public", True),
        ("/x", "/x/x/../admin", True),
        ("/x", "/x/%61dmin", True),
    ],
)
def test_paths_begin_where_the_application_does(root: str, path: str, needed: bool) -> None:
    rules = Rules(["/admin"])

    assert (rules.needed(scope(path, root_path=root)) is not None) is needed


def test_what_is_exempt_begins_where_the_application_does() -> None:
    rules = Rules(["/"], ["/public/*"])

    for root, path in (
        ("/svc", "/svc/public/x"),
        ("/public", "/public/public/x"),
        ("/a b", "/a%20b/public/x"),
    ):
        assert rules.needed(scope(path, root_path=root)) is None
    for path in ("/public/../x", "/svc/svc/public/x", "/svc/x", "/svcpublic/x"):
        assert rules.needed(scope(path, root_path="/svc")) == frozenset()


def test_a_plain_path_has_one_reading() -> None:
    for target in ("/", "/orders/7", "/public/caf%C3%A9", "/a.b/c_d~e"):
        assert readings(scope(target)) == frozenset({unquote(target)})


PIECES = st.sampled_from(
    [
        "/",
        "//",
        ".",
        "..",
        "%2e",
        "%2f",
        "%5c",
        "\\",
        ";",
        "x",
        "%25",
        "%252e",
        "%3f",
        "%00",
        "\uff0e",
    ]
)


def resolved(target: str) -> set[str]:
    """What others than we make of a path: POSIX, Windows, browsers, servers with parameters."""
    texts = {target, unquote(target), unquote(unquote(target)), unquote(unquote(unquote(target)))}
    texts |= {one.replace("\\", "/") for one in texts}
    texts |= {re.sub(";[^/]*", "", one) for one in texts}
    texts |= {urlsplit(f"http://service{one}").path for one in texts}
    return {posixpath.normpath(one).replace("//", "/") for one in texts}


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=8))
def test_whatever_leads_out_of_what_is_exempt_needs_a_token(pieces: list[str]) -> None:
    target = f"/public/{''.join(pieces)}/admin"

    needed = Rules(["/"], ["/public", "/public/*"]).needed(scope(target))

    if not all(f"{one}/".startswith("/public/") for one in resolved(target)):
        assert needed == frozenset()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_path_that_can_be_judged(text: str) -> None:
    asked = {"type": "http", "path": text, "raw_path": text.encode("utf-8", "replace")}

    assert Rules(["/"], ["/open"]).needed(asked) == (None if text == "/open" else frozenset())


async def test_of_an_application_in_a_mount_the_paths_are_those_below(guarded: Guarded) -> None:
    async with guarded(paths=["/admin"]) as host:
        outer = Starlette(routes=[Mount("/svc/{tenant}", host.app)])
        transport = httpx2.ASGITransport(outer)
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
            for path in (
                "/svc/a/admin",
                "/svc/a//admin",
                "/svc/a/x/..%2fadmin",
                "/svc/a%2fadmin/b",
            ):
                assert (await client.get(path)).status_code == 401, path
            assert (await client.get("/svc/a/admin", headers=bearer())).status_code == 200
            assert (await client.get("/svc/admin/x")).status_code == 200


async def test_through_a_whole_request_nothing_gets_past(guarded: Guarded) -> None:
    app = application()

    async with guarded(app=app, paths=["/admin"], exempt=["/public/*"]) as host:
        for target in ADMIN:
            for asked in views(target):
                assert await status(host, asked) == 401, asked
        assert app.state.asked == 0
        for target in PUBLIC:
            assert await status(host, scope(target)) == 200, target


async def status(host: PluginHost, asked: dict[str, Any]) -> int:
    """What a request with this scope, as a server gives it, is answered with."""
    heard: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        heard.append(message)

    more = {"method": "GET", "headers": [(b"host", b"service")], "query_string": b""}
    await host.app({"http_version": "1.1", "scheme": "http", **more, **asked}, receive, send)
    return int(heard[0]["status"])
