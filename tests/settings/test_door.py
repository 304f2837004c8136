"""The door is lazy: a name costs what is behind it, and no more."""

from __future__ import annotations

import subprocess
import sys

import pytest

import marty_chassis.settings as door


@pytest.mark.parametrize(
    "statement",
    [
        "from marty_chassis.settings.names import canonical",
        "from marty_chassis.settings import canonical",
    ],
)
def test_the_spelling_of_names_brings_nothing_heavy(statement: str) -> None:
    program = f"import sys; sys.path[:] = {sys.path!r}; {statement}; print(*sys.modules)"

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert {"pydantic", "pydantic_settings", "ruamel.yaml"} & set(run.stdout.split()) == set()


def test_each_name_leads_to_what_has_that_name() -> None:
    for name in door.__all__:
        found = getattr(door, name)
        assert getattr(found, "__name__", name) in (name, "Annotated")
        assert name in dir(door)


def test_a_module_does_not_hide_a_function_of_its_name() -> None:
    from marty_chassis.settings import checking  # noqa: F401

    assert callable(door.check)
