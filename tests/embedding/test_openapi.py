"""FastAPI's own OpenAPI document names the management endpoints that the application answers."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from starlette.testclient import TestClient

from marty_chassis import ChassisConfig, create_app, create_fastapi_app

from .serving import BEARER, TOKEN


class PluginView(BaseModel):
    """The application's, with the name of one of ours."""

    price: int


def config(**management: object) -> ChassisConfig:
    return ChassisConfig(
        service={"advertise": "test:80"}, management={"token": TOKEN, **management}
    )


def document(app: FastAPI) -> dict[str, Any]:
    with TestClient(app) as client:
        found: dict[str, Any] = client.get("/openapi.json").json()
        return found


def test_both_are_in_one_document() -> None:
    app = create_fastapi_app(config(), name="shop")

    @app.get("/plugin", dependencies=[Depends(HTTPBearer(scheme_name="token"))])
    def plugin() -> PluginView:
        return PluginView(price=1)

    found = document(app)

    assert found["info"]["title"] == "shop"
    assert "/plugin" in found["paths"]
    assert {"/plugins/status", "/plugins/{name}/reload", "/health/live"} <= found["paths"].keys()
    assert found["paths"]["/plugins/status"]["get"]["tags"] == ["plugins"]
    assert found["components"]["schemas"]["PluginView"]["properties"].keys() == {"price"}
    assert set(found["components"]["securitySchemes"]) == {"token", "Martytoken"}
    operations = [one["operationId"] for path in found["paths"].values() for one in path.values()]
    assert len(operations) == len(set(operations))


def test_every_reference_in_it_leads_somewhere() -> None:
    app = create_fastapi_app(config())

    found = document(app)

    def references(value):
        if isinstance(value, dict):
            yield from [value["$ref"]] if "$ref" in value else []
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                yield from references(one)

    schemas = found["components"]["schemas"]
    assert {one.removeprefix("#/components/schemas/") for one in references(found)} <= set(schemas)
    schemes = found["components"]["securitySchemes"]
    for path in found["paths"].values():
        for operation in path.values():
            assert {name for one in operation.get("security", ()) for name in one} <= set(schemes)


def test_what_the_application_has_itself_is_described_by_it_alone() -> None:
    app = create_fastapi_app(config())
    assert "/health" in app.openapi()["paths"]

    @app.get("/health", summary="The application's")
    def health() -> bool:
        return True

    found = document(app)

    assert found["paths"]["/health"]["get"]["summary"] == "The application's"
    assert "/health/live" in found["paths"]


def test_it_is_made_once() -> None:
    app = create_fastapi_app(config())

    assert app.openapi() is app.openapi()


def test_what_is_elsewhere_is_not_in_it() -> None:
    below = document(create_fastapi_app(config(prefix="/internal")))
    off = document(create_fastapi_app(config(enabled=False)))
    apart = create_fastapi_app(config(listen="127.0.0.1:0")).openapi()

    assert "/internal/plugins/status" in below["paths"]
    assert "/plugins/status" not in below["paths"]
    assert off["paths"] == apart["paths"] == {}


def test_without_a_document_of_its_own_the_application_shows_ours() -> None:
    for app in (create_fastapi_app(config(), openapi_url=None), create_app(config())):
        with TestClient(app, headers=BEARER) as client:
            assert client.get("/openapi.json").json()["info"]["title"] == "marty-service: plugins"
