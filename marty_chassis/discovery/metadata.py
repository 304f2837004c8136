"""What a plugin says about itself, checked: its name, its contract, the types of all of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final, get_args

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from marty_chassis.errors import InvalidPluginName
from marty_chassis.settings.names import RESERVED, canonical
from marty_hookspecs import FailurePolicy, PluginMetadata, ReloadPolicy, __version__


def checked(said: object, fallback: PluginMetadata) -> tuple[PluginMetadata, str]:
    """Give the metadata, its name folded, and what is wrong with it in one line, or nothing.

    `said` is the plugin's `plugin_metadata`, or `None`; `fallback` is what its place says, which
    brings the name where there is none, and the version where the plugin leaves the default.
    """
    if said is None:
        said = fallback
    if not isinstance(said, PluginMetadata):
        return (
            _named(fallback),
            f"plugin_metadata is of type {type(said).__name__}."
            " Write plugin_metadata = PluginMetadata(name=...).",
        )
    wrong = _wrong(said)
    if wrong:
        name = said.name if isinstance(said.name, str) else fallback.name
        return _named(replace(fallback, name=name)), wrong
    version = said.version if said.version != _DEFAULT.version else fallback.version
    metadata = replace(
        _named(said),
        version=version,
        dependencies=tuple(said.dependencies),
        optional_dependencies=tuple(said.optional_dependencies),
        provides=tuple(said.provides),
    )
    return metadata, _unfit_name(said.name) or _unfit_contract(said.contract)


def spelled(name: str) -> str:
    """Give a name that can stand in an address for anything, for what has no valid one."""
    try:
        return canonical(name)
    except InvalidPluginName:
        return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "plugin"


def _named(metadata: PluginMetadata) -> PluginMetadata:
    return replace(metadata, name=spelled(metadata.name))


def _unfit_name(name: str) -> str:
    try:
        folded = canonical(name)
    except InvalidPluginName as error:
        return str(error)
    if folded.replace("-", "_") in RESERVED:
        return (
            f"{name!r} cannot be a plugin's name: `plugins.{folded}` in the configuration is the"
            ' chassis\' own. Choose another with @plugin(name="...") or'
            ' plugin_metadata = PluginMetadata(name="...").'
        )
    return ""


def _unfit_contract(contract: str) -> str:
    if not contract or SpecifierSet(contract).contains(__version__, prereleases=True):
        return ""
    return (
        f"it works with marty_hookspecs {contract}, and this is {__version__}."
        " Install a version of the plugin, or of marty-chassis, that fits."
    )


_DEFAULT: Final = PluginMetadata(name="")
_TEXTS: Final = ("name", "version", "description", "author", "contract")
_LISTS: Final = ("dependencies", "optional_dependencies", "provides")
_CHOICES: Final[dict[str, tuple[object, ...]]] = {
    "failure_policy": (None, *get_args(FailurePolicy)),
    "reload": get_args(ReloadPolicy),
    "required": (True, False),
}
_A_NAME: Final = "Write a name, as a plugin's: 'metrics-collector'."
_A_REQUIREMENT: Final = "Write a name, and a version if need be: 'auth>=1.2'."


def _wrong(said: PluginMetadata) -> str:
    for field in _TEXTS:
        if not isinstance(value := getattr(said, field), str):
            return f"{field} is of type {type(value).__name__}. Write a text."
    for field in _LISTS:
        value = getattr(said, field)
        if not isinstance(value, tuple | list) or not all(isinstance(v, str) for v in value):
            example = value if isinstance(value, str) else "name"
            return f'{field} is no list of names. Write {field}=["{example}"].'
        parse, example = (
            (canonical, _A_NAME) if field == "provides" else (Requirement, _A_REQUIREMENT)
        )
        if bad := [one for one in value if not _parses(parse, one)]:
            return f"{field} names {bad[0]!r}. {example}"
    if not (said.config_schema is None or isinstance(said.config_schema, type)):
        return "config_schema is no class. Give the model itself, not one made of it."
    if not _parses(SpecifierSet, said.contract):
        return f"contract {said.contract!r} names no versions. Write it as in '>=1,<2'."
    for field, allowed in _CHOICES.items():
        value = getattr(said, field)
        # What is of another type may raise when it is compared or shown.
        if not isinstance(value, str | bool | None):
            return f"{field} is of type {type(value).__name__}. Write one of {_listed(allowed)}."
        if value not in allowed:
            return f"{field} is {value!r}. Write one of {_listed(allowed)}."
    return ""


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except (InvalidPluginName, InvalidRequirement, InvalidSpecifier):
        return False
    return True


def _listed(allowed: tuple[object, ...]) -> str:
    return ", ".join(repr(one) for one in allowed)
