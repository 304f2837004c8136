"""What a plugin says about itself is checked, and nonsense is said to be so."""

from __future__ import annotations

from typing import Any

import pytest

import marty_hookspecs
from marty_chassis.discovery.metadata import checked
from marty_hookspecs import PluginMetadata

from .project import Project, a_class

PLACE = PluginMetadata("from_place", version="7.0")


def test_what_says_nothing_is_what_its_place_says() -> None:
    assert checked(None, PLACE) == (PluginMetadata("from-place", version="7.0"), "")


def test_the_default_version_is_replaced_by_the_distributions() -> None:
    metadata, problem = checked(PluginMetadata("x"), PLACE)

    assert (metadata.version, problem) == ("7.0", "")


def test_lists_become_tuples() -> None:
    said = PluginMetadata("x", dependencies=["a>=1,<2", "B_c"], provides=["d"])  # type: ignore[arg-type]

    metadata, problem = checked(said, PLACE)

    assert problem == ""
    assert metadata.dependencies == ("a>=1,<2", "B_c")
    assert metadata.provides == ("d",)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"name": 5}, "name is of type int. Write a text."),
        ({"version": 1.0}, "version is of type float. Write a text."),
        ({"contract": None}, "contract is of type NoneType. Write a text."),
        (
            {"dependencies": "metrics"},
            'dependencies is no list of names. Write dependencies=["metrics"].',
        ),
        (
            {"optional_dependencies": [1]},
            'optional_dependencies is no list of names. Write optional_dependencies=["name"].',
        ),
        (
            {"dependencies": ["fine", "not a name!"]},
            "dependencies names 'not a name!'. Write a name, and a version if need be: 'auth>=1.2'.",
        ),
        (
            {"provides": ["a__b"]},
            "provides names 'a__b'. Write a name, as a plugin's: 'metrics-collector'.",
        ),
        (
            {"config_schema": {"a": int}},
            "config_schema is no class. Give the model itself, not one made of it.",
        ),
        (
            {"contract": "one or two"},
            "contract 'one or two' names no versions. Write it as in '>=1,<2'.",
        ),
        ({"required": "yes"}, "required is 'yes'. Write one of True, False."),
        (
            {"failure_policy": "half-open"},
            "failure_policy is 'half-open'. Write one of None, 'closed', 'open'.",
        ),
        ({"reload": None}, "reload is None. Write one of 'swap', 'exclusive'."),
    ],
)
def test_nonsense(said: dict[str, Any], problem: str) -> None:
    metadata, found = checked(PluginMetadata(**{"name": "mine", **said}), PLACE)

    assert found == problem
    assert metadata.name == ("from-place" if "name" in said else "mine")


def test_something_else_altogether() -> None:
    assert checked({"name": "x"}, PLACE) == (
        PluginMetadata("from-place", version="7.0"),
        "plugin_metadata is of type dict. Write plugin_metadata = PluginMetadata(name=...).",
    )


@pytest.mark.parametrize("contract", ["", ">=1,<2", ">=0.9", "==1.*"])
def test_a_contract_that_fits(contract: str) -> None:
    assert checked(PluginMetadata("x", contract=contract), PLACE)[1] == ""


def test_a_contract_that_does_not_fit(project: Project) -> None:
    project.write("plugins/x.py", a_class("x", ', contract=">=2"'))

    candidate = project.only()

    assert not candidate.usable
    assert project.shown(candidate.problem) == (
        f"/project/plugins/x.py: it works with marty_hookspecs >=2, and this is {marty_hookspecs.__version__}. Install a"
        " version of the plugin, or of marty-chassis, that fits."
    )


def test_an_object_that_cannot_be_compared_is_no_harm() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError

        def __repr__(self) -> str:
            raise RuntimeError

    _, problem = checked(PluginMetadata("x", failure_policy=Odd()), PLACE)  # type: ignore[arg-type]

    assert problem == "failure_policy is of type Odd. Write one of None, 'closed', 'open'."
