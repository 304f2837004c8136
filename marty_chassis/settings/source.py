"""The one source that pydantic-settings sees: values that are laid over each other already.

Its own sources stop at the first error and know no places. It asks for sources in a classmethod,
which cannot see what `__init__` was given; hence the context variable, which never outlives the
call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from marty_chassis.settings.redaction import Section

__all__ = ["Handed", "handed"]

_values: ContextVar[Mapping[str, object]] = ContextVar("marty_settings")


@contextmanager
def handed(values: Mapping[str, object]) -> Iterator[None]:
    """Let settings that are made inside of this have these values."""
    token = _values.set(values)
    try:
        yield
    finally:
        _values.reset(token)


class Handed(PydanticBaseSettingsSource):
    """The values that were handed over."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        # A section, because pydantic-settings prints its sources when it is asked to debug.
        self.values = Section(_values.get())

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Give one value, ready as it is."""
        return self.values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self.values
