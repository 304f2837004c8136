"""Scopes by path, plugins that may fail, and the order of calling."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from marty_chassis.web.host import Host
from marty_chassis.web.paths import below, route_path
from marty_hookspecs import hookimpl

from .drive import House, Processing, ask, hello, http_scope, passing


@pytest.mark.parametrize(
    ("prefix", "path", "root", "expected"),
    [
        ("/admin", "/admin", "", True),
        ("/admin", "/admin/", "", True),
        ("/admin/", "/admin/users", "", True),
        ("/admin", "/administrator", "", False),
        ("/admin", "/", "", False),
        ("/", "/anything", "", True),
        ("/admin", "/api/admin/x", "/api", True),
        ("/api", "/api/admin", "/api", False),
        ("/admin", "/apiadmin", "/api", False),
        ("/admin", "/admin", "/api", True),
    ],
)
def test_a_path_is_below_another_at_whole_segments(
    prefix: str, path: str, root: str, expected: bool
) -> None:
    assert below(prefix, http_scope(path, root_path=root)) is expected


SEGMENTS = st.lists(st.sampled_from(["a", "b", "ab", ""]), max_size=4)


@given(root=SEGMENTS, path=SEGMENTS)
def test_the_path_is_what_starlette_routes_by(root: list[str], path: list[str]) -> None:
    from starlette._utils import get_route_path

    scope = http_scope("/" + "/".join(path), root_path="".join(f"/{one}" for one in root))

    assert route_path(scope) == get_route_path(scope)


async def test_a_plugin_with_a_scope_is_asked_below_it_only(house: House) -> None:
    async def stamping(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-admin"] = "yes"
        return response

    house.plugin("scoped", Processing(stamping), scope="/admin")
    house.plugin("other", Processing(passing))
    host = Host(hello, house.manager)

    assert "x-admin" in (await ask(host, "/admin/users")).headers
    assert "x-admin" not in (await ask(host, "/administrator")).headers
    assert "x-admin" in (await ask(host, "/api/admin", root_path="/api")).headers


async def test_so_are_its_hooks_before_and_after(house: House) -> None:
    class Scoped:
        @hookimpl
        async def middleware_pre_request(self, request: Any) -> Any:
            return PlainTextResponse("no", 403) if request.headers.get("x-bad") else None

        @hookimpl
        async def middleware_post_response(self, response: Any) -> None:
            response.headers["x-scoped"] = "yes"

    house.plugin("scoped", Scoped(), scope="/admin")
    host = Host(hello, house.manager)

    assert (await ask(host, "/admin", headers=[("x-bad", "1")])).status == 403
    assert (await ask(host, "/else", headers=[("x-bad", "1")])).status == 200
    assert "x-scoped" in (await ask(host, "/admin")).headers
    assert "x-scoped" not in (await ask(host, "/else")).headers


async def test_the_path_counts_that_the_application_will_see(house: House) -> None:
    async def rewriting(request: Any, call_next: Any) -> Any:
        request.scope["path"] = "/admin"
        return await call_next(request)

    async def guarding(request: Any, call_next: Any) -> Any:
        return PlainTextResponse("no", 403)

    house.plugin("a", Processing(rewriting))
    house.plugin("guard", Processing(guarding), scope="/admin")

    assert (await ask(Host(hello, house.manager), "/harmless")).status == 403


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_open_plugin_that_fails_is_left_out(house: House, when: str) -> None:
    runs: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        runs.append(1)
        await hello(scope, receive, send)

    async def broken(request: Any, call_next: Any) -> Any:
        if when == "after":
            await call_next(request)
        raise ValueError

    house.plugin("a", Processing(passing))
    house.plugin("open", Processing(broken), closed=False)
    house.plugin("z", Processing(passing))

    answer = await ask(Host(app, house.manager))

    assert answer.body == b"hello"
    assert len(runs) == 1, "the application is not run twice for it"
    assert house.faults("open") == ["ValueError"]


async def test_an_open_plugin_that_keeps_failing_is_not_asked_for_a_while(house: House) -> None:
    asked: list[int] = []

    async def broken(request: Any, call_next: Any) -> Any:
        asked.append(1)
        raise ValueError

    house.plugin("open", Processing(broken), closed=False)
    host = Host(hello, house.manager)

    answers = [await ask(host) for _ in range(10)]

    assert {answer.status for answer in answers} == {200}
    assert len(asked) == 5


async def test_a_closed_plugin_is_asked_however_often_it_fails(house: House) -> None:
    asked: list[int] = []

    async def broken(request: Any, call_next: Any) -> Any:
        asked.append(1)
        raise ValueError

    host = house.around(hello, broken)

    answers = [await ask(host) for _ in range(10)]

    assert {answer.status for answer in answers} == {500}
    assert len(asked) == 10


async def test_the_time_limit_of_an_open_plugin_costs_the_request(house: House) -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await anyio.sleep(30)

    async def limited(request: Any, call_next: Any) -> Any:
        with anyio.fail_after(0.01):
            return await call_next(request)

    house.plugin("open", Processing(limited), closed=False)

    answer = await ask(Host(slow, house.manager))

    # The application was stopped; there is nothing that could be answered without the plugin.
    assert answer.status == 500


async def test_the_lowest_priority_is_outermost(house: House) -> None:
    happened: list[str] = []

    def noting(name: str) -> Any:
        async def process(request: Any, call_next: Any) -> Any:
            happened.append(f"{name} in")
            response = await call_next(request)
            happened.append(f"{name} out")
            return response

        return process

    house.plugin("a", Processing(noting("a")), priority=30)
    house.plugin("b", Processing(noting("b")), priority=10)
    house.plugin("c", Processing(noting("c")), priority=20)

    await ask(Host(hello, house.manager))

    assert happened == ["b in", "c in", "a in", "a out", "c out", "b out"]


async def test_synchronous_plugins_answer_without_the_rest(house: House) -> None:
    class Closed:
        @hookimpl
        def middleware_process(self, request: Any, call_next: Any) -> Any:
            if request.headers.get("x-open"):
                return call_next(request)
            return PlainTextResponse("closed", 503)

    house.plugin("closed", Closed())
    host = Host(hello, house.manager)

    assert (await ask(host)).status == 503
    assert (await ask(host, headers=[("x-open", "1")])).body == b"hello"


async def test_a_mounted_host_sees_the_path_below_its_mount(house: House) -> None:
    async def page(request: Request) -> Response:
        return PlainTextResponse("page")

    async def stamping(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-admin"] = "yes"
        return response

    house.plugin("scoped", Processing(stamping), scope="/admin")
    inner = Host(Starlette(routes=[Route("/admin", page)]), house.manager)
    outer = Starlette(routes=[Mount("/sub", inner)])

    answer = await ask(outer, "/sub/admin")

    assert answer.body == b"page"
    assert answer.headers["x-admin"] == "yes"
