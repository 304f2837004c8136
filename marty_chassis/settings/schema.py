"""The configuration as a JSON Schema, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from marty_chassis.settings.config import ChassisConfig
from marty_chassis.settings.names import LATER, canonical

__all__ = ["config_schema"]

_OURS = ""


def config_schema(
    plugin_models: Mapping[str, type] | None = None,
    config_class: type[ChassisConfig] = ChassisConfig,
) -> dict[str, Any]:
    """Give the schema (draft 2020-12), in which each plugin's section has its own model.

    A model that has no schema leaves its section open. Write it beside the file, and begin that
    with `# yaml-language-server: $schema=./the-file`.
    """
    models = {
        canonical(name): model for name, model in (plugin_models or {}).items() if _has_one(model)
    }
    inputs: list[tuple[str, Any, TypeAdapter[Any]]] = [
        (name, "validation", TypeAdapter(model)) for name, model in models.items()
    ]
    inputs.append((_OURS, "validation", TypeAdapter(config_class)))
    found, shared = TypeAdapter.json_schemas(inputs)
    schemas = {name: dict(schema) for (name, _), schema in found.items()}
    definitions = dict(shared.get("$defs", {}))
    ours = definitions.pop(_referred(schemas[_OURS]))
    section = definitions[_referred(ours["properties"]["plugins"])]
    section["additionalProperties"] = {"type": "object"}
    for name in models:
        section["properties"][name] = schemas[name]
    for name in sorted(LATER):
        section["properties"][name] = {"not": {}, "description": "reserved for a later version"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ours,
        "title": "marty-chassis configuration",
        "$defs": definitions,
    }


def _has_one(model: type) -> bool:
    try:
        TypeAdapter(model).json_schema()
    except Exception:  # noqa: BLE001 - a plugin's model may run code of its own
        return False
    return True


def _referred(schema: Mapping[str, str]) -> str:
    """Give the name of the definition; pydantic makes longer ones where two models share one."""
    return schema["$ref"].removeprefix("#/$defs/")
