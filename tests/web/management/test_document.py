"""The OpenAPI document: of exactly what is answered, and true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from marty_chassis.plugins import IPlugin, plugin
from marty_chassis.web.management.endpoints import ENDPOINTS

from .conftest import Make, Service


@plugin(name="mine", version="1.0.0")
class Mine(IPlugin):
    async def stop(self) -> None:
        raise RuntimeError("on the way out")


async def document(service: Service, prefix: str = "/-/marty") -> dict[str, Any]:
    front = service.management.at(prefix)
    async with service.client(app=front) as client:
        response = await client.get(f"http://service{prefix}/openapi.json")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    found: dict[str, Any] = response.json()
    return found


@pytest.mark.parametrize("prefix", ["/-/marty", ""])
async def test_it_has_exactly_the_endpoints(make: Make, prefix: str) -> None:
    service = await make()

    found = await document(service, prefix)

    assert found["openapi"] == "3.1.0"
    assert {(method.upper(), path) for path, here in found["paths"].items() for method in here} == {
        (endpoint.method, f"{prefix}{endpoint.path}") for endpoint in ENDPOINTS
    }


async def test_it_is_a_document_of_openapi(make: Make) -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    service = await make()

    validator.validate(await document(service), cls=validator.OpenAPIV31SpecValidator)


async def test_each_operation_has_a_name_a_summary_and_its_parameters(make: Make) -> None:
    service = await make()

    found = await document(service)

    names = [operation["operationId"] for _, operation in operations(found)]
    assert len(set(names)) == len(names)
    for path, operation in operations(found):
        assert operation["summary"].endswith("."), path
        declared = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", path))
        assert operation["responses"]


async def test_every_reference_leads_somewhere(make: Make) -> None:
    service = await make()

    found = await document(service)

    schemas = found["components"]["schemas"]
    for reference in references(found):
        assert reference.removeprefix("#/components/schemas/") in schemas


async def test_the_open_endpoints_are_said_to_be_open(make: Make) -> None:
    service = await make()

    found = await document(service)

    opened = {path for path, operation in operations(found) if "security" not in operation}
    assert opened == {"/-/marty/health/live", "/-/marty/health/ready"}
    health = found["paths"]["/-/marty/health"]["get"]
    assert health["security"] == [{"token": []}, {}]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
async def test_what_is_answered_is_in_the_document(make: Make, endpoint: Any) -> None:
    service = await make(Mine)
    found = await document(service)
    if endpoint.name == "journal":
        service.management.drain()
    path = endpoint.path.replace("{name}", "mine")

    async with service.client() as client:
        response = await client.request(endpoint.method, path)

    operation = found["paths"][f"/-/marty{endpoint.path}"][endpoint.method.lower()]
    said = operation["responses"][str(response.status_code)]["content"]
    media_type = response.headers["content-type"].partition(";")[0]
    assert media_type in said
    model = endpoint.gives.get(response.status_code)
    if model is not None and media_type == model[0]:
        model[1].model_validate_json(response.content)


def operations(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, here in found["paths"].items():
        for operation in here.values():
            yield path, operation


def references(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        for key, value in found.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(found, list):
        for value in found:
            yield from references(value)
