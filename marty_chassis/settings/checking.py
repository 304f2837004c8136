"""Whether a configuration can be used, said without an exception."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from marty_chassis.errors import InvalidConfiguration, Problem, did_you_mean
from marty_chassis.settings.config import ChassisConfig
from marty_chassis.settings.names import canonical
from marty_chassis.settings.places import dotted
from marty_chassis.settings.reports import in_order

__all__ = ["check", "unknown_sections"]


def check(
    path: str | os.PathLike[str] | None = None,
    *,
    plugin_models: Mapping[str, type] | None = None,
    known_names: Iterable[str] | None = None,
    others: Iterable[str] = (),
    config_class: type[ChassisConfig] = ChassisConfig,
) -> list[Problem]:
    """Give everything that is wrong or strange, errors first; an empty list is a clean bill.

    With the plugins' models their sections are checked too; with the names of all known plugins,
    sections that belong to none are named. others: plugins that are not known, and may be meant.
    """
    problems: list[Problem] = []
    try:
        config = config_class.load(path)
    except InvalidConfiguration as error:
        problems += error.problems
        try:
            config = config_class.without(error.problems, path)
        except InvalidConfiguration:
            return problems
    for name, model in (plugin_models or {}).items():
        if canonical(name) not in config.plugins.sections:
            continue
        try:
            config.plugin_model(name, model)
        except InvalidConfiguration as error:
            problems += error.problems
        except Exception as error:  # noqa: BLE001 - what a plugin's model raises ends no check
            problems.append(_raised(config, name, error))
    if known_names is not None:
        problems += unknown_sections(config, known_names, others)
    return in_order([*problems, *config.warnings])


def _raised(config: ChassisConfig, name: str, error: Exception) -> Problem:
    place = ("plugins", canonical(name))
    said = config.masked(f"{type(error).__name__}: {error}".rstrip(": "))
    return Problem(
        dotted(place),
        f"the plugin's model cannot check it: {said}",
        config.origin(place),
        "What a validator refuses, it raises as ValueError.",
    )


def unknown_sections(
    config: ChassisConfig, known_names: Iterable[str], others: Iterable[str] = ()
) -> list[Problem]:
    """Give a warning for each section, and each entry of `plugins.settings`, of no known plugin.

    others: plugins that are not known, and may be meant.
    """
    known = {canonical(name) for name in known_names}
    guesses = sorted({*known, *others})
    plugins = config.plugins
    places: list[tuple[str, ...]] = [("plugins", name) for name in plugins.sections]
    places += [("plugins", "settings", name) for name in plugins.settings]
    return [
        Problem(
            dotted(place),
            "no such plugin is known",
            config.origin(place),
            did_you_mean(place[-1], guesses).strip()
            or "`marty plugins list` shows those that are.",
            "warning",
        )
        for place in places
        if place[-1] not in known
    ]
