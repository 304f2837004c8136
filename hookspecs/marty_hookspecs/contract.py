"""The contract as data, to compare versions: every point, its parameters, its type and policy."""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

from . import cli, configuration, events, health, metrics, middleware, plugin, service, web
from .point import Point, PointSpec

SUBJECTS = (service, middleware, web, configuration, health, metrics, events, plugin, cli)
"""The modules that hold hook specifications, in the order a reader meets them."""

__version__ = "1.1"
"""The version of the contract: the minor grows with each addition, the major breaks plugins."""


def points() -> list[Point[Any, Any, Any]]:
    """Every hook specification of the contract, by subject and in the order of the files."""
    return [
        value
        for module in SUBJECTS
        for value in vars(module).values()
        if isinstance(getattr(value, "extension_point", None), PointSpec)
    ]


def describe() -> dict[str, Any]:
    """The contract as plain data; `contract.json` beside this file holds the released one."""
    return {"version": __version__, "points": {_name(p): _facts(p) for p in points()}}


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Say, one line each, what plugins of the old contract would find missing in the new one."""
    found: list[str] = []
    for name, before in old["points"].items():
        after = new["points"].get(name)
        if after is None:
            found.append(f"{name} is gone")
            continue
        found += [
            f"{name} no longer gives {parameter}"
            for parameter in before["parameters"]
            if parameter not in after["parameters"]
        ]
        if after["type"] != before["type"]:
            found.append(f"{name} is {after['type']}, was {before['type']}")
    return found


def _name(point: Point[Any, Any, Any]) -> str:
    return point.extension_point.name


def _facts(point: Point[Any, Any, Any]) -> dict[str, Any]:
    spec = point.extension_point
    return {
        "hook": spec.hook,
        "type": spec.type.value,
        "on_error": spec.on_error.value,
        "deadline": spec.deadline,
        "copy": spec.copy,
        "since": spec.since,
        "deprecated": spec.deprecated,
        "parameters": {
            name: str(parameter.annotation)
            for name, parameter in inspect.signature(point).parameters.items()
        },
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(describe(), indent=2) + "\n")
