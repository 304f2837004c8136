"""An answer to `config.load`, made plain in the plugin's own task: what raises there is its fault."""

from __future__ import annotations

from collections.abc import Mapping

from marty_chassis.errors import WrongAnswer

HOOK = "config.load"
WANTED = "a mapping in the form of the configuration file, or nothing."


def plain_layer(answer: object, plugin: str) -> dict[str, object]:
    """Give a copy of plain dictionaries and lists; raises `WrongAnswer` for what is no mapping."""
    if not isinstance(answer, Mapping):
        raise WrongAnswer(plugin, HOOK, _a(answer), WANTED)
    return _mapping(answer, plugin)


def _mapping(found: Mapping[object, object], plugin: str) -> dict[str, object]:
    copied: dict[str, object] = {}
    for key, value in found.items():
        if not isinstance(key, str):
            raise WrongAnswer(plugin, HOOK, f"{_a(key)} for a key", WANTED)
        copied[str(key)] = _plain(value, plugin)
    return copied


def _plain(value: object, plugin: str) -> object:
    if isinstance(value, Mapping):
        return _mapping(value, plugin)
    return [_plain(item, plugin) for item in value] if isinstance(value, list | tuple) else value


def _a(value: object) -> str:
    # Not the value itself, which may be a secret.
    return f"a value of type {type(value).__name__}"
