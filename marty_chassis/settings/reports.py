"""What pydantic found, said with places, without values, and with "did you mean"."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import ValidationError

from marty_chassis.errors import Problem, did_you_mean
from marty_chassis.settings.layer import Layer, respelt
from marty_chassis.settings.places import Key, Path, dotted, nearest
from marty_chassis.settings.redaction import scrubbed, secret_texts
from marty_chassis.settings.shape import keys, walk

__all__ = ["settled"]

Result = TypeVar("Result")


def settled(
    validate: Callable[[dict[str, object]], Result], layer: Layer, model: object, prefix: Path = ()
) -> Result | list[Problem]:
    """Validate the layer's data, and give what came of it, or what is wrong with it.

    Where the text of a variable does not fit and is JSON, it is taken as JSON: only the type can
    tell whether `["a"]` is a list or a text.
    """
    layer = respelt(layer, model)
    data = layer.data
    error = _attempt(validate, data)
    if isinstance(error, ValidationError):
        _decode(data, error, layer)
        error = _attempt(validate, data)
    if isinstance(error, ValidationError):
        return _problems(error, data, layer, model, prefix)
    return error


def _attempt(
    validate: Callable[[dict[str, object]], Result], data: dict[str, object]
) -> Result | ValidationError:
    # The error is given, not raised: no traceback of ours may hold pydantic's, with its inputs.
    try:
        return validate(data)
    except ValidationError as error:
        return error


def _decode(data: dict[str, object], error: ValidationError, layer: Layer) -> None:
    """Take as JSON what came as text and did not fit, at the places of the errors."""
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        path = _path(found["loc"], data)
        holder = _at(data, path[:-1])
        text = _at(data, path)
        origin = nearest(layer.origins, path)[1]
        if origin is None or not origin.kind.text_only or not isinstance(text, str):
            continue
        try:
            value: object = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(holder, dict):
            holder[path[-1]] = value


def _problems(
    error: ValidationError, data: dict[str, object], layer: Layer, model: object, prefix: Path
) -> list[Problem]:
    result: list[Problem] = []
    for found in error.errors(include_url=False):
        path = _path(found["loc"], data)
        kind, hint = found["type"], ""
        if kind == "extra_forbidden":
            message = "an unknown key"
            hint = did_you_mean(str(path[-1]), list(keys(walk(model, path[:-1])))).strip()
        elif kind == "missing":
            path = (*path, *[key for key in found["loc"][-1:] if key not in path[-1:]])
            message = "missing, and there is no default"
        else:
            message = scrubbed(found["msg"], secret_texts(data, model)).rstrip(".")
            message = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
        _, origin = nearest(layer.origins, path)
        if origin is not None and origin.kind.text_only and _broken_json(_at(data, path)):
            hint = f"{hint} What begins with a bracket must be JSON, with double quotes.".strip()
        result.append(Problem(dotted((*prefix, *path)), message, str(origin or ""), hint))
    return result


def _path(loc: tuple[int | str, ...], data: object) -> Path:
    """Give the keys of the data in a pydantic location, without the names of union members."""
    path: list[Key] = []
    for key in loc:
        inside = key in data if isinstance(data, Mapping) else isinstance(key, int)
        if inside and isinstance(data, Mapping | list):
            data = data[key]  # type: ignore[index]  # of a list an int, as pydantic counted it
            path.append(key)
    return tuple(path)


def _at(data: object, path: Path) -> object:
    for key in path:
        if isinstance(data, Mapping):
            data = data.get(key)
        elif isinstance(data, list) and isinstance(key, int):
            data = data[key]
    return data


def _broken_json(value: object) -> bool:
    return isinstance(value, str) and value.lstrip()[:1] in ("[", "{")
