"""What a type looks like from outside: which keys it takes, whether it takes text, is it secret."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import AliasChoices, BaseModel, SecretBytes, SecretStr

from marty_chassis.settings.places import Path

__all__ = ["holds_others", "is_secret", "keys", "step", "takes_text", "walk"]

#: What a typed dictionary has, whether it is typing's or that of typing_extensions.
_TYPED = "__required_keys__"


def keys(annotation: object) -> dict[str, object]:
    """Give the keys that a mapping of this type may have, with their types.

    Reads models, dataclasses and typed dictionaries, and what is optional or one of several; any
    other type has none.
    """
    found: dict[str, object] = {}
    for kind in _members(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, field in kind.model_fields.items():
                for alias in _names(name, field.alias, field.validation_alias, kind):
                    found[alias] = field.annotation
        elif dataclasses.is_dataclass(kind) or hasattr(kind, _TYPED):
            found.update(_hints(kind))
    return found


def step(annotation: object, key: str | int) -> object:
    """Give the type of what is behind one key; None where nothing is known."""
    found = keys(annotation)
    if key in found:
        return found[str(key)]
    for kind in _members(annotation):
        origin, arguments = get_origin(kind), get_args(kind)
        if isinstance(origin, type) and arguments:
            if issubclass(origin, Mapping) and len(arguments) == 2:
                return arguments[1]
            if issubclass(origin, list | set | frozenset | tuple):
                return arguments[0]
    return None


def walk(annotation: object, path: Path) -> object:
    """Give the type of what is at the path; None where nothing is known."""
    for key in path:
        if annotation is None:
            return None
        annotation = step(annotation, key)
    return annotation


def is_secret(annotation: object) -> bool:
    """Whether the type itself says that it holds a secret, alone or in a list."""
    kinds = _members(annotation)
    inner = [argument for kind in kinds for argument in get_args(kind)]
    return any(
        isinstance(kind, type) and issubclass(kind, SecretStr | SecretBytes)
        for kind in (*kinds, *(member for item in inner for member in _members(item)))
    )


def holds_others(annotation: object) -> bool:
    """Whether the type is a model, a mapping or a list, and nothing else beside."""
    return all(
        isinstance(kind := get_origin(member) or member, type)
        and issubclass(kind, BaseModel | Mapping | list | tuple | set | frozenset)
        for member in _members(annotation)
    )


def takes_text(annotation: object) -> bool:
    """Whether a text of someone's choice fits the type; where nothing is known, it does."""
    plain = (bool, int, float, type(None))
    return not all(kind in plain for kind in _members(annotation))


def _members(annotation: object) -> list[object]:
    """Give the type without `Annotated`, and each type of a union by itself."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin is Union or origin is UnionType:
        return [member for argument in get_args(annotation) for member in _members(argument)]
    return [annotation]


def _names(
    name: str, alias: str | None, validation_alias: object, model: type[BaseModel]
) -> list[str]:
    """Give the keys that fill one field of a model."""
    names = [alias] if alias else []
    if isinstance(validation_alias, str):
        names.append(validation_alias)
    elif isinstance(validation_alias, AliasChoices):
        names += [choice for choice in validation_alias.choices if isinstance(choice, str)]
    config = model.model_config
    by_name = config.get("populate_by_name") or config.get("validate_by_name")
    return names if names and not by_name else [*names, name]


def _hints(kind: Any) -> dict[str, object]:
    try:
        hints: dict[str, object] = get_type_hints(kind)
    except NameError:  # a name that is only known in a function, or while type checking
        if hasattr(kind, _TYPED):
            names: frozenset[str] = kind.__required_keys__ | kind.__optional_keys__
            return {**dict.fromkeys(names)}
        return {field.name: None for field in dataclasses.fields(kind)}
    return hints
