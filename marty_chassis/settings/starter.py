"""A first configuration: every key with its default, as comments to be taken away."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path as FilePath

from pydantic import BaseModel

from marty_chassis.errors import ConfigurationExists
from marty_chassis.settings.config import ChassisConfig
from marty_chassis.settings.shown import plain

__all__ = ["create_file", "starter_text"]

_HEAD = """\
# The configuration of a marty-chassis service. Every key is optional: what stands in a comment is
# the default. Each one can be set by a variable too, MARTY_SERVICE__PORT=8080; that is the place
# for secrets.
"""
_PLUGINS = """\
  # Any other key belongs to the plugin of that name:
  # my-plugin:
  #   option: value
"""


def create_file(
    path: str | os.PathLike[str], config_class: type[ChassisConfig] = ChassisConfig
) -> FilePath:
    """Write a first configuration to a new file, and give its path.

    Raises ConfigurationExists rather than overwrite a file, and OSError where the folder is missing
    or closed.
    """
    where = FilePath(path)
    try:
        with where.open("x", encoding="utf-8") as file:
            file.write(starter_text(config_class))
    except FileExistsError:
        raise ConfigurationExists(str(where)) from None
    return where


def starter_text(config_class: type[ChassisConfig] = ChassisConfig) -> str:
    """Give the text of a first configuration."""
    return _HEAD + "".join(_sections(config_class))


def _sections(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"\n# {field.description or name}\n"
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield f"{name}:\n"
            yield textwrap.indent("".join(_keys(kind)), "  ")
            yield _PLUGINS if name == "plugins" else ""
        else:
            yield f"# {_line(name, field.get_default(call_default_factory=True))}\n"


def _keys(model: type[BaseModel], depth: int = 0) -> Iterator[str]:
    for name, field in model.model_fields.items():
        indent = "  " * depth
        kind = field.annotation
        key = field.alias or name
        note = f"  # {field.description}" if field.description else ""
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield f"# {indent}{key}:{note}\n"
            yield from _keys(kind, depth + 1)
        else:
            default = (
                "required" if field.is_required() else field.get_default(call_default_factory=True)
            )
            yield f"# {indent}{_line(key, default)}{note}\n"


def _line(key: str, value: object) -> str:
    return f"{key}: {json.dumps(plain(value), ensure_ascii=False)}"
