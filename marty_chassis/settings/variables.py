"""Environment variables, the `.env` file and the secrets directory: names to paths, values as text.

`MARTY_PLUGINS__JWT_AUTHENTICATION__TOKEN_EXPIRY` is `plugins.jwt-authentication.token_expiry`. An
empty value counts as not there. What the text stands for is decided later, by the type it must fit.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Final

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from marty_chassis.errors import Problem
from marty_chassis.settings.layer import Layer
from marty_chassis.settings.names import RESERVED, folded
from marty_chassis.settings.places import Key, Kind, Origin, Path, dotted

__all__ = [
    "OTHERS",
    "PREFIX",
    "Variable",
    "dotenv",
    "environment",
    "secret_files",
    "variables_layer",
]

PREFIX: Final = "MARTY_"
#: Variables of ours that are not settings, so that nobody takes them for misspelt.
OTHERS: Final = frozenset(
    {
        "MARTY_CONFIG",
        "MARTY_DISABLE_PLUGIN_AUTOLOAD",
        "MARTY_SECRETS_DIR",
        "MARTY_WORKER",
        "MARTY_WORKERS_KEY",
    }
)
_LARGEST_SECRET = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable as it was found."""

    name: str
    value: str = field(repr=False)
    origin: Origin


def environment(values: Mapping[str, str], base: FilePath) -> Iterator[Variable]:
    """Give our variables of the process's environment."""
    for name, value in values.items():
        if name.upper().startswith(PREFIX):
            yield Variable(name, value, Origin(Kind.ENVIRONMENT, f"env:{name}", base))


def dotenv(path: FilePath, problems: list[Problem]) -> Iterator[Variable]:
    """Give our variables of a `.env` file; one that is not there has none."""
    try:
        text = path.read_text("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return
    except (OSError, UnicodeDecodeError) as error:
        message = "not UTF-8" if isinstance(error, ValueError) else f"{error.strerror}"
        problems.append(Problem("", f"cannot be read: {message}", str(path), "Save it as UTF-8."))
        return
    bindings = list(parse_stream(io.StringIO(text)))
    values = dotenv_values(stream=io.StringIO(text))
    for one in bindings:
        place = f"{path}:{one.original.line}"
        if one.error:
            problems.append(Problem("", "not a line of the form NAME=value", place))
        elif one.key is not None and one.key.upper().startswith(PREFIX):
            origin = Origin(Kind.DOTENV, place, path.absolute().parent)
            yield Variable(one.key, values.get(one.key) or "", origin)


def secret_files(folder: FilePath, problems: list[Problem], base: FilePath) -> Iterator[Variable]:
    """Give each file of the folder that is named like one of our variables."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        message = f"the secrets directory cannot be read: {error.strerror}"
        problems.append(Problem("", message, str(folder), "Mend MARTY_SECRETS_DIR."))
        return
    for path in (folder / name for name in names if name.upper().startswith(PREFIX)):
        try:
            content = path.read_bytes()
            value = content.decode() if len(content) <= _LARGEST_SECRET else None
        except (OSError, UnicodeDecodeError):
            value = None
        if value is None:
            problems.append(Problem("", "cannot be read as a UTF-8 text of 1 MiB", str(path)))
            continue
        yield Variable(path.name, value.strip(), Origin(Kind.SECRET, f"secret:{path}", base))


def variables_layer(variables: Iterable[Variable], fields: Collection[str]) -> Layer:
    """Give the layer of the variables that belong to a field; the others are warnings."""
    layer = Layer()
    for variable in variables:
        if not variable.value.strip() or variable.name.upper() in OTHERS:
            continue
        parts = variable.name[len(PREFIX) :].lower().split("__")
        if parts[0] not in fields or "" in parts:
            layer.problems.append(_unknown(variable, fields))
            continue
        _enter(layer, parts, variable)
    return layer


def _enter(layer: Layer, parts: list[str], variable: Variable) -> None:
    """Put one value where its name says; a longer name refines a shorter one."""
    if parts[0] == "plugins":
        at = 2 if parts[1:2] == ["settings"] else 1
        parts[at : at + 1] = [
            part if at == 1 and part in RESERVED else folded(part) for part in parts[at : at + 1]
        ]
    here = layer.data
    for part in parts[:-1]:
        below = here.get(part)
        if not isinstance(below, dict):
            below = here[part] = {}
        here = below
    value = _decoded(parts, variable, layer.problems)
    existing = here.get(parts[-1])
    if isinstance(existing, dict):
        value = {**value, **existing} if isinstance(value, dict) else existing
    elif existing is not None:
        message = f"set twice, by {layer.origins[tuple(parts)]} too"
        layer.problems.append(Problem(dotted(parts), message, str(variable.origin), "Keep one."))
    here[parts[-1]] = value
    for length in range(1, len(parts) + 1):
        layer.origins[tuple(parts[:length])] = variable.origin
    _place(value, tuple(parts), variable.origin, layer)


def _place(value: object, path: Path, origin: Origin, layer: Layer) -> None:
    """Note the place of everything inside of a JSON value; what is noted already stays."""
    items: Iterable[tuple[Key, object]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        layer.origins.setdefault((*path, key), origin)
        _place(item, (*path, key), origin, layer)


def _decoded(parts: list[str], variable: Variable, problems: list[Problem]) -> object:
    """Whole sections are JSON; everything else stays text until its type is known."""
    text = variable.value.strip()
    levels = 1 if parts[0] != "plugins" else 3 if parts[1:2] == ["settings"] else 2
    if len(parts) > levels or text[0] not in "{[":
        return variable.value
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        hint = "Write JSON, with double quotes, or set the keys one by one."
        problems.append(Problem(dotted(parts), "not valid JSON", str(variable.origin), hint))
        return None


def _unknown(variable: Variable, fields: Collection[str]) -> Problem:
    word = variable.name[len(PREFIX) :].upper()
    near = _meant(word, [name.upper() for name in fields])
    hint = f"Did you mean '{PREFIX}{near}'?" if near else ""
    message = "an environment variable that sets nothing"
    return Problem("", message, str(variable.origin), hint, "warning")


def _meant(word: str, fields: Collection[str]) -> str:
    """Give the variable that was probably meant, without the prefix; empty if none is near."""
    for name in fields:
        rest = word.removeprefix(name).strip("_")
        if word.startswith(f"{name}_") and rest:
            return f"{name}__{rest}"
    others = [name.removeprefix(PREFIX) for name in OTHERS]
    if near := get_close_matches(word, others, n=1):
        return near[0]
    head, separator, rest = word.partition("__")
    near = get_close_matches(head, fields, n=1)
    return f"{near[0]}{separator}{rest}" if near and (rest or not separator) else ""
