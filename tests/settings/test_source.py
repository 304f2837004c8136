"""The one source that pydantic-settings sees."""

from __future__ import annotations

import pytest

from marty_chassis.settings import ChassisConfig
from marty_chassis.settings.source import Handed, handed


def test_it_gives_what_was_handed_over_and_nothing_afterwards() -> None:
    with handed({"service": {"name": "x"}}):
        source = Handed(ChassisConfig)

    assert source() == {"service": {"name": "x"}}
    assert source.get_field_value(ChassisConfig.model_fields["service"], "service") == (
        {"name": "x"},
        "service",
        False,
    )
    with pytest.raises(LookupError):
        Handed(ChassisConfig)


def test_it_is_quiet_about_secrets() -> None:
    with handed({"management": {"token": "hush"}}):
        assert "hush" not in repr(Handed(ChassisConfig)())
