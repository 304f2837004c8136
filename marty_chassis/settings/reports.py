"""What pydantic found, said with places, without values, and with "did you mean"."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import TypeVar, get_args

from pydantic import ValidationError
from pydantic_core.core_schema import ErrorType

from marty_chassis.errors import Problem, did_you_mean
from marty_chassis.settings.layer import Layer, at, respelt
from marty_chassis.settings.places import Key, Path, dotted, nearest
from marty_chassis.settings.redaction import secret_texts
from marty_chassis.settings.shape import keys, walk

__all__ = ["in_order", "settled"]

Result = TypeVar("Result")

_PYDANTICS = frozenset(get_args(ErrorType)) - {"value_error", "assertion_error"}
_LINE = re.compile(r"(.*?)(?::(\d+))?(?::(\d+))?")


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


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Give the problems as a reader meets them: by file and line, warnings last."""

    def key(problem: Problem) -> tuple[bool, str, int, int]:
        found = _LINE.fullmatch(problem.place)
        name, line, column = found.groups() if found else (problem.place, 0, 0)
        return problem.severity == "warning", name, int(line or 0), int(column or 0)

    return sorted(problems, key=key)


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
        holder, text = at(data, path[:-1]), at(data, path)
        origin = nearest(layer.origins, path)[1]
        if origin is None or not origin.kind.text_only or not isinstance(text, str):
            continue
        if not isinstance(holder, dict):
            continue  # An item of a JSON list: what is text there was meant as text.
        with suppress(ValueError, RecursionError):
            holder[path[-1]] = json.loads(text)


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
        elif kind in ("model_type", "dict_type", "model_attributes_type"):
            message = "must hold keys and values"
        elif kind == "string_type" and isinstance(at(data, path), int | float | date):
            message = "must be a text: put it in quotes"
        else:
            message = _words(kind, found["msg"], secret_texts(data, model))
        _, origin = nearest(layer.origins, path)
        if origin is not None and origin.kind.text_only and _broken_json(at(data, path)):
            hint = f"{hint} What begins with a bracket must be JSON, with double quotes.".strip()
        result.append(Problem(dotted((*prefix, *path)), message, str(origin or ""), hint))
    return result


def _words(kind: str, message: str, secrets: Iterator[str]) -> str:
    """Give the message, unless an author's own words repeat a secret; pydantic's never do."""
    if kind not in _PYDANTICS and any(secret in message for secret in secrets):
        return "refused, in words that are withheld because they repeat a secret"
    for head in ("Value error, ", "Assertion failed, "):
        message = message.removeprefix(head)
    return message.rstrip(".")


def _path(loc: tuple[int | str, ...], data: object) -> Path:
    """Give the keys of the data in a pydantic location, without the names of union members."""
    path: list[Key] = []
    for key in loc:
        inside = key in data if isinstance(data, Mapping) else isinstance(key, int)
        if inside and isinstance(data, Mapping | list):
            data = data[key]  # type: ignore[index]  # of a list an int, as pydantic counted it
            path.append(key)
    return tuple(path)


def _broken_json(value: object) -> bool:
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return False
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return True
    return False
