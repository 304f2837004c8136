"""The contract is compared with the released one, so that no incompatible change slips in."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from marty_hookspecs import __version__
from marty_hookspecs.contract import breaks, describe


def released() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("marty_hookspecs") / "contract.json").read_text())
    return found


def test_the_contract_is_the_one_that_was_written_down() -> None:
    assert describe() == released(), (
        "The contract has changed. If that is meant, raise `__version__` in contract.py and write"
        " it down: python -m marty_hookspecs.contract > hookspecs/marty_hookspecs/contract.json"
    )


def test_the_contract_still_serves_the_plugins_of_its_major_version() -> None:
    old, new = released(), describe()

    if old["version"].split(".")[0] == new["version"].split(".")[0]:
        assert breaks(old, new) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda p: p.pop("service.discover"), "service.discover is gone"),
        (
            lambda p: p["service.discover"]["parameters"].pop("query"),
            "service.discover no longer gives query",
        ),
        (
            lambda p: p["service.discover"].update(type="filter"),
            "service.discover is filter, was provider",
        ),
    ],
)
def test_what_breaks_plugins_is_named(change, named) -> None:
    new = json.loads(json.dumps(released()))
    change(new["points"])

    assert breaks(released(), new) == [named]


def test_what_is_added_breaks_nobody() -> None:
    new = json.loads(json.dumps(released()))
    new["points"]["a.new.one"] = new["points"]["service.discover"]
    new["points"]["service.discover"]["parameters"]["more"] = "str"

    assert breaks(released(), new) == []


def test_the_version_is_two_numbers() -> None:
    major, minor = __version__.split(".")

    assert (int(major), int(minor)) >= (1, 0)
