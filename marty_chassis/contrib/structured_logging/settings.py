"""The section `plugins.structured-logging`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from marty_chassis.errors import InvalidEvent
from marty_chassis.events.pattern import Pattern
from marty_chassis.settings import Level, SettingsModel

from .file import check
from .stream import STREAMS


def _pattern(value: str) -> str:
    try:
        return Pattern(value).text
    except InvalidEvent as error:
        raise PydanticCustomError("pattern", "{why}", {"why": str(error).rstrip(".")}) from None


EventPattern = Annotated[str, AfterValidator(_pattern)]


class OutputSettings(SettingsModel):
    """What becomes of the file that lines go to."""

    rotation: str | int | None = None
    """when a new file begins: "100 MB", "1 day", "12:00", "monday at 03:00", or a number of bytes;
    without it the file grows"""
    retention: str | int | None = None
    """which files stay when a new one begins: "30 days", or a number of files; all without it"""
    compression: str | None = None
    """what is made of a file when a new one begins: gz, bz2, xz, zip, tar.gz; it stays without"""

    @model_validator(mode="after")
    def _files_can_be_kept(self) -> Self:
        name = getattr(self, "destination", None)
        try:
            check(
                None if name in STREAMS else name, self.rotation, self.retention, self.compression
            )
        except ValueError as error:
            raise PydanticCustomError("file", "{why}", {"why": str(error)}) from None
        return self


class AuditSettings(OutputSettings):
    """The audit trail."""

    destination: str | None = Field(default=None, min_length=1)
    """`stderr`, `stdout`, or a file of its own; null for the place of all other lines"""
    events: tuple[EventPattern, ...] = ("auth.**", "management.audit")
    """patterns of events that belong to it, besides what happens to plugins and services"""


class StructuredLoggingSettings(OutputSettings):
    """Lines of JSON."""

    destination: str = Field(default="stderr", min_length=1)
    """`stderr`, `stdout`, or a file, with `{pid}` or `{time}` in its name where wanted; a relative
    one starts at the folder of the configuration file"""
    level: Level = "INFO"
    """the least level that is written"""
    levels: dict[str, Level] = Field(default_factory=dict)
    """least levels of its own for a plugin, by its name, or for a logger (`uvicorn.access`)"""
    standard_library: Level | None = "INFO"
    """the least level of what comes through Python's `logging`, uvicorn's lines among it, where
    nobody has handed it on already; null leaves it alone"""
    audit: AuditSettings | None = Field(default_factory=AuditSettings)
    """the audit trail; null for none"""
