"""Sixty reloads leave nothing alive and no table longer; what leaks on purpose is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .command import benchmark

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "kind", ["a plain plugin", "200 classes and dataclasses", "tasks and subscriptions"]
)
def test_sixty_reloads_leave_nothing(kind: str) -> None:
    found = measured(kind, 60)

    assert found["alive"] == {}
    assert found["longer"] == {}
    assert found["leaks"] == []


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        ("a thread", "threading._active > Thread > Watched.wait() > Watched"),
        ("atexit", "atexit > Watched.farewell() > Watched"),
        ("a logging handler", "logging.root > RootLogger > list > Noting"),
        ("a global list", "collections.abc.kept > list > Watched"),
    ],
)
def test_what_leaks_is_named_with_its_holder(kind: str, way: str) -> None:
    found = measured(kind, 2)

    assert {leak["generation"] for leak in found["leaks"]} == {1, 2}
    assert any(way in holder for leak in found["leaks"] for holder in leak["holders"])


def measured(kind: str, reloads: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        benchmark("reload_leaks.measuring", kind, str(reloads)).splitlines()[-1]
    )
    return found
