"""The OpenAPI document of exactly the endpoints that are answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .endpoint import Endpoint, Need
from .models import Move, ProblemView

PROBLEM = "application/problem+json"

_PROBLEMS = {
    400: "The request makes no sense.",
    401: "No token, a wrong one, or none is configured.",
    403: "A viewer's token, or a request of another site.",
    404: "No such plugin; the nearest name is suggested.",
    409: "The plugin cannot be moved so now.",
    422: "The new generation failed, and what served before serves on; the fields are those of 200.",
    501: "Not possible in this version, or not without an extra.",
    503: "Plugins are not running.",
}


def document(name: str, version: str, prefix: str, endpoints: Sequence[Endpoint]) -> str:
    """Give the document as JSON, for these endpoints below the prefix."""
    schema = models_json_schema(
        [(model, "serialization") for model in _models(endpoints)],
        ref_template="#/components/schemas/{model}",
    )[1]
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        path = paths.setdefault(f"{prefix}{endpoint.path}", {})
        path[endpoint.method.lower()] = _operation(endpoint)
    found = {
        "openapi": "3.1.0",
        "info": {"title": f"{name}: plugins", "version": version},
        "paths": paths,
        "components": {
            "schemas": schema["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    return json.dumps(found)


def _models(endpoints: Iterable[Endpoint]) -> list[type[BaseModel]]:
    given = [model for endpoint in endpoints for _, model in endpoint.gives.values()]
    return list(dict.fromkeys([*given, Move, ProblemView]))


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "tags": ["plugins"],
        "responses": _responses(endpoint),
    }
    if parameters := _parameters(endpoint):
        operation["parameters"] = parameters
    if endpoint.need is not Need.NOTHING:
        token: dict[str, list[str]] = {"token": []}
        operation["security"] = [token, *([{}] if endpoint.need is Need.TOKEN_FOR_DETAILS else [])]
    return operation


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, (media_type, model) in endpoint.gives.items():
        words = "It is so." if status == 200 else "It is not."
        found[str(status)] = _response(words, media_type, model)
    for media_type in endpoint.texts:
        text = {"description": "It is so.", "content": {}}
        found.setdefault("200", text)["content"][media_type] = {"schema": _schema(media_type)}
    fails = {*endpoint.fails} if endpoint.need is Need.NOTHING else {401, *endpoint.fails}
    for status in sorted(fails):
        found.setdefault(str(status), _response(_PROBLEMS[status], PROBLEM, ProblemView))
    return found


def _schema(media_type: str) -> dict[str, str]:
    return {"type": "object" if media_type.endswith("json") else "string"}


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    text, flag = {"type": "string"}, {"type": "boolean", "default": False}
    return [
        *(
            {"name": name, "in": "path", "required": True, "schema": text}
            for name in re.findall(r"\{(\w+)\}", endpoint.path)
        ),
        *(
            {"name": name, "in": "header", "description": words, "schema": text}
            for name, words in endpoint.headers.items()
        ),
        *(
            {"name": name, "in": "query", "description": words, "schema": flag}
            for name, words in endpoint.flags.items()
        ),
        *(
            {
                "name": name,
                "in": "query",
                "description": words,
                "schema": {"type": "string", "enum": list(values)},
            }
            for name, (words, *values) in endpoint.choices.items()
        ),
    ]


def _response(description: str, media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"description": description, "content": {media_type: {"schema": schema}}}
