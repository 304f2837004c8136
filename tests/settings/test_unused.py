"""A key that the plugin's model passes over is a warning with its place."""

from __future__ import annotations

import pytest
from pydantic import AliasChoices, BaseModel, Field

from marty_chassis.settings import ChassisConfig

FILE = """\
plugins:
  timing:
    haeder: x-took
    unit: ms
"""


class Timing(BaseModel):
    header: str = "x-seconds"
    unit: str = Field("s", alias="unit")


def test_a_misspelt_key_is_named_with_a_guess(write) -> None:
    config = ChassisConfig.from_file(write(FILE))

    config.plugin_model("timing", Timing)
    config.plugin_model("timing", Timing)

    (warning,) = config.warnings
    assert warning.severity == "warning"
    assert str(warning).endswith(
        "config.yaml:3:13 plugins.timing.haeder: the plugin's model has no such key,"
        " so it changes nothing. Did you mean 'header'?"
    )


class Open(BaseModel, extra="allow"):
    pass


class Choosing(BaseModel):
    unit: str = Field("s", validation_alias=AliasChoices("unit", "units"))


@pytest.mark.parametrize("model", [Open, Choosing, dict])
def test_a_model_that_decides_by_itself_is_believed(write, model) -> None:
    config = ChassisConfig.from_file(write(FILE))

    config.plugin_model("timing", model)

    assert config.warnings == ()
