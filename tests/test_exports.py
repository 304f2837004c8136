"""Doors: what a folder's `__init__.py` promises is sorted, is there, and is shown by `dir()`."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest

import marty_chassis
import marty_hookspecs


def doors() -> list[str]:
    """The dotted name of every package that is installed with us."""
    return [root.__name__ for root in (marty_chassis, marty_hookspecs)] + [
        found.name
        for root in (marty_chassis, marty_hookspecs)
        for found in pkgutil.walk_packages(root.__path__, f"{root.__name__}.")
        if found.ispkg
    ]


@pytest.mark.parametrize("door", doors())
def test_a_door_lists_its_names_once_and_sorted(door: str) -> None:
    names = import_module(door).__all__

    assert list(names) == sorted(set(names), key=as_ruff_sorts)


@pytest.mark.parametrize("door", doors())
def test_every_name_of_a_door_leads_somewhere_and_is_shown(door: str) -> None:
    module = import_module(door)

    for name in module.__all__:
        assert getattr(module, name, None) is not None, f"{door}.{name} leads nowhere"
        assert name in dir(module), f"dir({door}) hides {name}"


@pytest.mark.parametrize("door", doors())
def test_a_door_does_not_answer_for_a_name_it_does_not_have(door: str) -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = import_module(door).no_such_name


def as_ruff_sorts(name: str) -> tuple[int, str]:
    """CONSTANTS, then Classes, then the rest: the order of rule RUF022."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)
