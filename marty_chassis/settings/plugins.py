"""The section `plugins`: our keys, and below any other key what belongs to a plugin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any, Literal, Self, cast

from pydantic import (
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from marty_chassis.settings.fields import Level, Listed, PluginName, Seconds, SettingsModel
from marty_chassis.settings.names import canonical
from marty_chassis.settings.redaction import Section, redacted

__all__ = ["PluginSettings", "PluginsSettings", "ReloadSettings"]


class PluginSettings(SettingsModel):
    """What the operator decides about one plugin; its own section is another."""

    enabled: bool = True
    """whether it starts"""
    required: bool | None = None
    """whether the service is not ready without it"""
    priority: int | None = None
    """replaces the plugin's own priority; lower is called first"""
    failure_policy: Literal["closed", "open"] | None = None
    """whether a fault of it fails the request"""
    reload: Literal["swap", "exclusive"] | None = None
    """whether a new generation starts beside the old one"""
    from_: str | None = Field(default=None, alias="from")
    """which one it is, where two have the name"""
    log_level: Level | None = None
    """the least level of its own log lines"""


class ReloadSettings(SettingsModel):
    """How plugins are replaced in a running service."""

    watch: bool = False
    """whether changes of plugin files, and of plugins' configuration, are taken in when saved"""
    code: bool = True
    """whether a reload may bring new code"""
    drain_timeout: Seconds = 30.0
    """seconds that requests have to leave the old generation"""
    exclusive_timeout: Seconds = 5.0
    """seconds that a call waits for an exclusive plugin to come back"""


class PluginsSettings(SettingsModel, extra="allow"):
    """Where plugins are found, what is decided about each, and their own sections."""

    directories: Listed[FilePath] = Field(default_factory=list)
    """folders with plugins; a relative one starts at this file"""
    settings: dict[PluginName, PluginSettings] = Field(default_factory=dict)
    """what the operator decides about each plugin"""
    entry_points: Literal["all", "named", "none"] = "all"
    """which installed plugins start: all, those with a section, none"""
    required: Listed[PluginName] = Field(default_factory=list)
    """plugins without which the service is not ready"""
    disabled: Listed[PluginName] = Field(default_factory=list)
    """plugins that do not start"""
    strict: bool = False
    """whether a plugin that fails to start, or an unknown section, stops the service"""
    reload: ReloadSettings = Field(default_factory=ReloadSettings)
    """how plugins are replaced"""

    @property
    def sections(self) -> Mapping[str, Section]:
        """Each plugin's own section, by its folded name."""
        return MappingProxyType(self._sections())

    def section(self, name: str) -> Section:
        """Give the plugin's own section; an empty one where there is none."""
        return self._sections().get(canonical(name), Section({}))

    def settings_of(self, name: str) -> PluginSettings:
        """Give what is decided about the plugin, `required` and `disabled` taken in."""
        folded = canonical(name)
        found = self.settings.get(folded, PluginSettings())
        changes: dict[str, bool] = {}
        if folded in self.disabled:
            changes["enabled"] = False
        if folded in self.required:
            changes["required"] = True
        return found.model_copy(update=changes) if changes else found

    def _sections(self) -> dict[str, Section]:
        # The validator below made sections of what pydantic calls extra.
        return cast("dict[str, Section]", self.__pydantic_extra__ or {})

    @model_validator(mode="after")
    def _sections_keep_secrets(self) -> Self:
        extra = self.__pydantic_extra__ or {}
        for name, values in extra.items():
            if not isinstance(values, Mapping):
                message = "the section of {name} must hold keys and values"
                raise PydanticCustomError("section", message, {"name": name})
            if not isinstance(values, Section):
                extra[name] = Section(values)
        return self

    @model_validator(mode="after")
    def _nothing_is_required_and_disabled(self) -> Self:
        off = {*self.disabled, *(n for n, one in self.settings.items() if not one.enabled)}
        needed = {*self.required, *(n for n, one in self.settings.items() if one.required)}
        if both := sorted(off & needed):
            raise PydanticCustomError(
                "contradiction", "{names}: required and disabled", {"names": ", ".join(both)}
            )
        return self

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        fields = [(name, getattr(self, name)) for name in type(self).model_fields]
        return [*fields, *self._sections().items()]

    @model_serializer(mode="wrap")
    def _without_secrets(
        self, handler: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        sections = self._sections()
        for name in data.keys() & sections.keys():
            data[name] = redacted(data[name], sections[name].model)
        return data
