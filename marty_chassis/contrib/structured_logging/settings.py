"""The section `plugins.structured-logging`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from marty_chassis.errors import InvalidEvent
from marty_chassis.events.pattern import Pattern
from marty_chassis.settings import Level, SettingsModel

from .file import check, check_name
from .stream import STREAMS


def _pattern(value: str) -> str:
    try:
        return Pattern(value).text
    except InvalidEvent as error:
        raise PydanticCustomError("pattern", "{why}", {"why": str(error).rstrip(".")}) from None


def _known(value: object, info: ValidationInfo) -> object:
    try:
        check(info.field_name or "", value)
    except ValueError as error:
        raise PydanticCustomError("file", "{why}", {"why": str(error)}) from None
    return value


def _named(value: str, info: ValidationInfo) -> str:
    if value in STREAMS:
        return value
    try:
        check_name(value, Path(getattr(info.context, "folder", ".")))
    except ValueError as error:
        raise PydanticCustomError("file", "{why}", {"why": str(error)}) from None
    return value


EventPattern = Annotated[str, AfterValidator(_pattern)]
Destination = Annotated[str, Field(min_length=1), AfterValidator(_named)]
# Checked before anything else: each kind of value that it might be would have words of its own.
Checked = BeforeValidator(_known)


class OutputSettings(SettingsModel):
    """What becomes of the file that lines go to."""

    rotation: Annotated[int | str | None, Checked] = None
    """when a new file begins: "100 MB", "1 day", "12:00", "monday at 03:00", a number of bytes"""
    retention: Annotated[int | str | None, Checked] = None
    """which files stay when a new one begins: "30 days", or a number of files; all without"""
    compression: Annotated[str | None, Checked] = None
    """what a file becomes when a new one begins: gz, bz2, xz, zip, tar.gz"""

    @model_validator(mode="after")
    def _files_are_kept(self) -> Self:
        is_file = getattr(self, "destination", None) not in (None, *STREAMS)
        if self.rotation is not None and not is_file:
            raise PydanticCustomError("file", "rotation is for a file, which destination must name")
        if self.rotation is None and (self.retention or self.compression):
            raise PydanticCustomError(
                "file", "retention and compression are for when a new file begins: set rotation"
            )
        return self


class AuditSettings(OutputSettings):
    """The audit trail."""

    destination: Destination | None = None
    """`stderr`, `stdout`, or a file of its own; null for the place of all other lines"""
    events: tuple[EventPattern, ...] = ("auth.**", "management.audit")
    """patterns of events that belong to it, besides what happens to plugins and services"""


class StructuredLoggingSettings(OutputSettings):
    """Lines of JSON."""

    destination: Destination = "stderr"
    """`stderr`, `stdout`, or a file below the configuration's folder, `{pid}` for each worker's"""
    level: Level = "INFO"
    """the least level that is written"""
    levels: dict[str, Level] = Field(default_factory=dict)
    """least levels of its own for a plugin, by its name, or for a logger (`uvicorn.access`)"""
    standard_library: Level | None = "INFO"
    """the least level of what Python's `logging` brings, uvicorn's lines too; null leaves it"""
    audit: AuditSettings | None = Field(default_factory=AuditSettings)
    """the audit trail; null for none"""
