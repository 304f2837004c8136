"""The configuration of a service: every source, checked, with the place of each value."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any, Literal, Self, TypeVar, overload

from pydantic import Field, PrivateAttr, TypeAdapter
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from marty_chassis.errors import InvalidConfiguration, Problem
from marty_chassis.settings.given import HookLayer
from marty_chassis.settings.layer import Layer, under
from marty_chassis.settings.loading import Loading
from marty_chassis.settings.lookup import origin_of, text_for_more
from marty_chassis.settings.masking import Mask
from marty_chassis.settings.names import canonical
from marty_chassis.settings.places import Key, Path, nearest
from marty_chassis.settings.plugins import PluginsSettings
from marty_chassis.settings.redaction import Section, held_secrets, secret_texts
from marty_chassis.settings.reports import in_order, settled
from marty_chassis.settings.sections import (
    EventSettings,
    LifecycleSettings,
    LoggingSettings,
    ManagementSettings,
    MiddlewareSettings,
    ServiceSettings,
)
from marty_chassis.settings.shown import Shown, plain, rows
from marty_chassis.settings.source import Handed, handed
from marty_chassis.settings.unused import unused

__all__ = ["ChassisConfig"]

Model = TypeVar("Model")


class ChassisConfig(BaseSettings):
    """What the operator wrote: a file, variables, arguments; frozen, and mute about secrets.

    Arguments win over the environment (`MARTY_SERVICE__PORT`), that over `.env`, the secrets
    directory, what plugins answered to `config.load`, the file, the defaults. Mappings are merged,
    lists replaced; plugin folders given as arguments add to the configured ones. Raises
    InvalidConfiguration with all that is wrong, each with its place.

    A service may derive from it to add sections of its own.
    """

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )

    service: ServiceSettings = Field(default_factory=ServiceSettings)
    """who this service is"""
    plugins: PluginsSettings = Field(default_factory=PluginsSettings)
    """plugins, and their own sections"""
    middleware: list[MiddlewareSettings] = Field(default_factory=list)
    """existing ASGI middleware, as plugins"""
    management: ManagementSettings = Field(default_factory=ManagementSettings)
    """the addresses that show and move plugins"""
    lifecycle: LifecycleSettings = Field(default_factory=LifecycleSettings)
    """how long a plugin may take"""
    events: EventSettings = Field(default_factory=EventSettings)
    """the event bus"""
    logging: LoggingSettings = Field(default_factory=LoggingSettings)
    """the log of the chassis"""

    _loading: Loading = PrivateAttr()
    _layer: Layer = PrivateAttr()
    _noticed: dict[str, Problem] = PrivateAttr(default_factory=dict)
    _mask: Mask | None = PrivateAttr(default=None)
    _earlier: frozenset[str] = PrivateAttr(default=frozenset())
    _models: dict[str, object] = PrivateAttr(default_factory=dict)
    """Sections as their plugins got them: a default may be a secret, too."""

    def __init__(self, _loading: Loading | None = None, **values: Any) -> None:
        loading = _loading or Loading(arguments=(values,))
        layer = loading.layer(type(self).model_fields)
        result = settled(self._validated, layer, type(self))
        problems = [*layer.problems, *(result or ())]
        if any(one.severity == "error" for one in problems):
            # The warnings come along: a misspelt variable is why a value is missing.
            raise InvalidConfiguration(in_order(problems))
        self._loading, self._layer = loading, layer

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str] | None = None,
        overrides: Mapping[str, object] | None = None,
        hook_layers: Iterable[HookLayer | Mapping[str, object]] = (),
        *,
        folder: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Read the file, if one is named, under all other sources.

        Of `hook_layers`, what plugins answered to `config.load`, the first one wins. Relative paths
        start at `folder`, as if it were the working directory.
        """
        where = None if path is None else FilePath(path).expanduser()
        cwd = FilePath.cwd() if folder is None else FilePath(folder).absolute()
        return cls(_loading=Loading(where, tuple(hook_layers), (dict(overrides or {}),), cwd))

    @classmethod
    def without(cls, wrong: Iterable[Problem], path: str | os.PathLike[str] | None = None) -> Self:
        """Read all but what is wrong outside of `plugins`.

        So plugins can be found, and their sections checked, in spite of that. Raises
        InvalidConfiguration where `plugins` itself cannot be used.
        """
        where = None if path is None else FilePath(path).expanduser()
        errors = {one.path for one in wrong if one.severity == "error"}
        outside = frozenset(one for one in errors if one.partition(".")[0] != "plugins")
        return cls(_loading=Loading(where, without=outside))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], **overrides: Any) -> Self:
        """Read the file under all other sources; the overrides win over everything."""
        return cls.load(path, overrides)

    def rebuilt(
        self,
        hook_layers: Iterable[HookLayer | Mapping[str, object]] = (),
        overrides: Mapping[str, object] | None = None,
    ) -> Self:
        """Read all sources again, with these answers to `config.load` and more arguments."""
        old = self._loading
        arguments = (dict(overrides or {}), *old.arguments)
        return type(self)(_loading=Loading(old.path, tuple(hook_layers), arguments, old.cwd))

    def reread(self) -> Self:
        """Read all sources again as they are now; what plugins answered to `config.load` stays.

        What was secret in this reading stays masked in the new one's words.
        """
        fresh = type(self)(_loading=self._loading)
        fresh._earlier = self._secrets()
        return fresh

    def changed(self, overrides: Mapping[str, object]) -> Self:
        """Read all sources again under these arguments; what plugins answered stays."""
        old = self._loading
        return type(self)(_loading=replace(old, arguments=(dict(overrides), *old.arguments)))

    def with_plugins_of(self, other: Self) -> Self:
        """Give this configuration with another one's plugins: sections, settings and folders."""
        kept = {key: getattr(self, key) for key in type(self).model_fields if key != "plugins"}
        return other.model_copy(update=kept)

    @property
    def path(self) -> FilePath | None:
        """The configuration file, as it was named."""
        return self._loading.path

    @property
    def folder(self) -> FilePath:
        """The configuration file's folder, absolute; the working directory where there is none."""
        return self._loading.folder

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What can be used and is probably not what was meant."""
        found = [one for one in self._layer.problems if one.severity == "warning"]
        return (*found, *self._noticed.values())

    def plugin_directories(self) -> list[FilePath]:
        """Give the plugin folders, absolute, each once, whether they exist or not.

        Those of the file start at its folder, those of arguments and variables at the working
        directory.
        """
        found: dict[FilePath, None] = {}
        for index, directory in enumerate(self.plugins.directories):
            _, origin = nearest(self._layer.origins, ("plugins", "directories", index))
            base = self.folder if origin is None else origin.base
            found[FilePath(os.path.normpath(base / directory.expanduser()))] = None
        return list(found)

    def raw_section(self, name: str) -> Section:
        """Give a copy of the section of a plugin that has no model.

        Values of variables are text there; one that looks like something else is a warning.
        """
        found = self.plugins.section(name)
        section = Section(found, found.model)
        problems = text_for_more(section, ("plugins", canonical(name)), self._layer)
        self._noticed.update({problem.path: problem for problem in problems})
        return section

    def plugin_model(self, name: str, model: type[Model]) -> Model:
        """Give the plugin's section as its own model, which variables fill too.

        Takes a pydantic model, a dataclass or a typed dictionary; its validators find this whole
        configuration as `info.context`. Raises InvalidConfiguration with the place of each problem.
        A key that the model passes over is a warning. From then on the model says what is secret in
        the section.
        """
        path: Path = ("plugins", canonical(name))
        section = self.plugins.section(name)
        section.model, self._mask = model, None
        adapter = TypeAdapter[Model](model)
        layer = Layer(section, under(self._layer.origins, path))
        result = settled(
            lambda data: [adapter.validate_python(data, context=self)], layer, model, path
        )
        found = [one for one in result if isinstance(one, Problem)]
        if found:
            raise InvalidConfiguration(in_order(found))
        problems = unused(section, model, path, self.origin)
        self._noticed.update({problem.path: problem for problem in problems})
        self._models[canonical(name)] = result[0]
        return result[0]  # type: ignore[return-value]

    def origin(self, path: str | Sequence[Key]) -> str:
        """Give where the value at the path is from: `config.yaml:11:5`, `env:MARTY_X`, `default`.

        The path is dotted, or a sequence of keys where a key has a dot in it.
        """
        return origin_of(path, self._layer)

    @overload
    def show(self, *, origin: Literal[False] = False) -> dict[str, object]: ...

    @overload
    def show(self, *, origin: Literal[True]) -> list[Shown]: ...

    def show(self, *, origin: bool = False) -> dict[str, object] | list[Shown]:
        """Give everything, secrets masked, as JSON can hold it; with origins, value by value."""
        shown = {key: plain(value) for key, value in self.model_dump(by_alias=True).items()}
        return rows(shown, self.origin) if origin else shown

    def masked(self, text: str) -> str:
        """Give somebody's words with every secret of the configuration masked that they repeat.

        For messages of errors, which a plugin may have made of its own section.
        """
        mask = self._mask  # once: it is asked for every text of every log line
        if mask is None:
            mask = self._mask = Mask(self._secrets())
        return mask(text)

    def _secrets(self) -> frozenset[str]:
        secrets = [*self._earlier, *secret_texts(self._layer.data, type(self))]
        for section in self.plugins.sections.values():
            secrets += secret_texts(section, section.model)
        for made in self._models.values():
            secrets += held_secrets(made)
        return frozenset(secrets)

    def _validated(self, data: dict[str, object]) -> None:
        with handed(data):
            super().__init__()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Give our one source, which holds all of them already.

        The ones that pydantic-settings brings stop at the first error and know no places.
        """
        return (Handed(settings_cls),)
