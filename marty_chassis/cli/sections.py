"""The configuration with what only the plugins know: the models of their sections."""

from __future__ import annotations

import io
from collections.abc import Mapping

from pydantic import SecretStr

from marty_chassis.errors import InvalidConfiguration
from marty_chassis.settings import ChassisConfig

from .loading import load
from .session import Session


def models_and_names(session: Session) -> tuple[Mapping[str, type], frozenset[str] | None]:
    """Give the models by plugin, and the names of all plugins.

    No names where what is said of plugins cannot be used, so that they cannot be found either.
    """
    quiet = Session(session.config, session.verbose, quiet=True)
    try:
        loaded = load(quiet)
    except InvalidConfiguration as error:
        try:
            loaded = load(quiet, ChassisConfig.without(error.problems, session.path))
        except InvalidConfiguration:
            return {}, None
    models = {
        one.name: one.candidate.metadata.config_schema
        for one in loaded.all
        if one.candidate.metadata.config_schema is not None
    }
    return models, frozenset(one.name for one in loaded.all)


def with_models(session: Session) -> ChassisConfig:
    """Give the configuration whose plugins' sections know what in them is secret.

    Of a plugin that is disabled, cannot be used or is not there nobody knows that: all of it is.
    """
    plugins = load(session)
    known = {
        name: one.candidate.metadata.config_schema
        for name, one in plugins.plugins.items()
        if one.candidate.usable and one.outlook != "disabled"
    }
    for name, section in plugins.config.plugins.sections.items():
        if section.model is None:
            section.model = known.get(name, Mapping[str, SecretStr])
    return plugins.config


def as_yaml(value: object) -> str:
    """Give the value as YAML, without the end of the line."""
    from ruamel.yaml import YAML

    stream = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False if isinstance(value, Mapping) else None
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 10_000
    yaml.dump(value, stream)
    return stream.getvalue().strip().removesuffix("\n...").rstrip()
