"""The OpenAPI document of an application, with the management endpoints that it answers, too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .management import Front

Document = dict[str, Any]

_SCHEMAS = "#/components/schemas/"


def documented(document: Mapping[str, Any], front: Front) -> Document:
    """Give a document that names the endpoints of both; where both have a path, the first's stands.

    What a service may call as it likes, schemas and operations, begins with `Marty` for ours.
    """
    ours = json.loads(front.document().replace(f'"{_SCHEMAS}', f'"{_SCHEMAS}Marty'))
    paths = {
        path: {method: _operation(one) for method, one in operations.items()}
        for path, operations in ours["paths"].items()
    }
    components = dict(document.get("components", {}))
    for kind, named in ours["components"].items():
        begun = {f"Marty{name}": value for name, value in named.items()}
        components[kind] = {**components.get(kind, {}), **begun}
    return {
        **document,
        "paths": {**paths, **document.get("paths", {})},
        "components": components,
    }


def _operation(operation: Document) -> Document:
    begun = {**operation, "operationId": f"marty_{operation['operationId']}"}
    if "security" in operation:
        begun["security"] = [
            {f"Marty{name}": scopes for name, scopes in one.items()}
            for one in operation["security"]
        ]
    return begun
