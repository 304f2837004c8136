"""Where the application has a path of the management API itself, the application's wins."""

from __future__ import annotations

import anyio
import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from litestar import Litestar, get
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from marty_chassis import Chassis, ChassisConfig, create_app, create_fastapi_app

from .serving import BEARER, TOKEN


def config(**management: object) -> ChassisConfig:
    return ChassisConfig(
        service={"advertise": "test:80"}, management={"token": TOKEN, **management}
    )


def own(request) -> PlainTextResponse:
    return PlainTextResponse("the application's")


OWN = ["/health", "/metrics", "/plugins/status", "/plugins/{name}/health"]


def test_a_starlette_keeps_its_own_and_says_so_once(log) -> None:
    app = create_app(config(), routes=[Route(path, own) for path in OWN])

    with TestClient(app, headers=BEARER) as client:
        theirs = [
            client.get(path).text
            for path in ("/health", "/metrics", "/plugins/status", "/plugins/x/health")
        ]
        others = [client.get(path).status_code for path in ("/health/live", "/extension-points")]

    assert theirs == ["the application's"] * 4
    assert others == [200, 200]
    (line,) = log
    assert "/plugins/status, /plugins/{name}/health, /metrics, /health itself" in line
    assert "`management.prefix`" in line


@pytest.mark.parametrize("prefix", ["", "/plugins"])
def test_a_fastapi_keeps_those_of_an_included_router(prefix, log) -> None:
    router = APIRouter()

    @router.get("/status" if prefix else "/plugins/status")
    def status() -> str:
        return "the router's"

    @router.get("/{rest:path}")
    def everything_else(rest: str) -> str:
        return f"the router's {rest}"

    app = create_fastapi_app(config())
    app.include_router(router, prefix=prefix)

    with TestClient(app, headers=BEARER) as client:
        assert client.get("/plugins/status").json() == "the router's"
        assert client.get("/health/live").json() == {"status": "pass"}

    assert len([line for line in log if "/plugins/status" in line]) == 1


def test_a_catch_all_hides_no_management(folder, log) -> None:
    (folder / "index.html").write_text("the page")
    app = create_app(config(), routes=[Mount("/", StaticFiles(directory=folder, html=True))])

    with TestClient(app, headers=BEARER) as client:
        assert client.get("/").text == "the page"
        assert client.get("/plugins/status").json()["plugins"] == []
        assert client.get("/nothing").status_code == 404

    assert log == []


def test_routes_that_are_added_after_the_app_was_made_are_seen(log) -> None:
    app = create_fastapi_app(config())

    @app.get("/health")
    def health() -> str:
        return "the application's"

    with TestClient(app) as client:
        assert client.get("/health").json() == "the application's"


def test_wrap_keeps_below_its_prefix_and_takes_nothing_else(log) -> None:
    app = Chassis(config()).wrap(Starlette(routes=[Route(path, own) for path in OWN]))

    with TestClient(app, headers=BEARER) as client:
        assert client.get("/health").text == "the application's"
        assert client.get("/health/live").status_code == 404
        assert client.get("/-/marty/health").json()["status"] == "pass"
        assert client.get("/-/marty/plugins/status").status_code == 200
        assert client.get("/-/marty/nonsense").status_code == 404
        assert client.get("/-/martyr").text == "Not Found"

    assert log == []


def test_a_prefix_of_the_configuration_holds_for_factories_too() -> None:
    app = create_app(config(prefix="/internal"), routes=[Route("/health", own)])

    with TestClient(app, headers=BEARER) as client:
        assert client.get("/health").text == "the application's"
        assert client.get("/internal/health").json()["status"] == "pass"
        assert client.get("/plugins/status").status_code == 404


def test_a_foreign_frameworks_plain_paths_are_known(log) -> None:
    @get("/health")
    async def health() -> str:
        return "the application's"

    app = Chassis(config(prefix="")).wrap(Litestar([health], openapi_config=None))

    with TestClient(app, headers=BEARER) as client:
        assert client.get("/health").text == "the application's"
        assert client.get("/plugins/status").status_code == 200

    assert len(log) == 1


def test_switched_off_there_is_none() -> None:
    wrapped = Chassis(config(enabled=False)).wrap(Starlette(routes=[Route("/health", own)]))
    made = create_app(config(enabled=False))

    with TestClient(wrapped) as client:
        assert client.get("/-/marty/health/live").status_code == 404
    with TestClient(made) as client:
        assert client.get("/health/live").status_code == 404


def test_what_is_wrapped_inside_of_a_mount_has_its_management_there() -> None:
    inner = Chassis(config()).wrap(PlainTextResponse("inside"))
    outer = Starlette(routes=[Mount("/shop", inner)])

    async def asked() -> list[object]:
        transport = httpx2.ASGITransport(outer)
        async with (
            inner.chassis,
            httpx2.AsyncClient(transport=transport, base_url="http://test") as client,
        ):
            return [
                (await client.get("/shop/anything")).text,
                (await client.get("/shop/-/marty/health/live")).json(),
                (await client.get("/-/marty/health/live")).status_code,
            ]

    assert anyio.run(asked) == ["inside", {"status": "pass"}, 404]


def test_fastapis_own_document_is_no_reason_for_a_warning(log) -> None:
    app: FastAPI = create_fastapi_app(config())

    with TestClient(app, headers=BEARER) as client:
        assert client.get("/openapi.json").json()["info"]["title"] == "marty-service"
        assert client.get("/plugins/status").status_code == 200

    assert log == []
