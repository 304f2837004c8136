"""A service that somebody works on knows so, unless its configuration says where it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from marty_chassis.cli.development import VARIABLE, want_development
from marty_chassis.settings import ChassisConfig

from .conftest import Write


@pytest.fixture(autouse=True)
def nothing_is_left(here: Path) -> Iterator[None]:
    """The environment of this process is as it was."""
    yield
    os.environ.pop(VARIABLE, None)


def test_a_service_that_nobody_works_on_is_in_production() -> None:
    assert ChassisConfig().service.environment == "production"


def test_the_service_reads_it_from_its_environment() -> None:
    want_development(ChassisConfig())

    assert ChassisConfig().service.environment == "development"


def test_a_configuration_that_says_where_it_runs_is_believed(write: Write) -> None:
    path = write("config.yaml", "service: {environment: production}")

    want_development(ChassisConfig.load(path))

    assert ChassisConfig.load(path).service.environment == "production"
