"""What a type looks like from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretBytes, SecretStr
from typing_extensions import TypedDict

from marty_chassis.settings.shape import holds_others, is_secret, keys, step, takes_text, walk

if TYPE_CHECKING:
    from decimal import Decimal


class Inner(BaseModel):
    number: int = 0


class Outer(BaseModel):
    inner: Inner | None = None
    several: list[Inner] = []
    named: dict[str, Inner] = {}
    aliased: int = Field(0, validation_alias="Alias")


@dataclass
class Unresolved:
    amount: Decimal


class UnresolvedToo(TypedDict):
    amount: Decimal


def test_the_keys_of_a_type_are_those_that_a_mapping_may_have() -> None:
    assert list(keys(Outer)) == ["inner", "several", "named", "Alias"]
    assert list(keys(Annotated[Inner | None, "x"])) == ["number"]
    assert keys(int) == {}


def test_a_type_whose_annotations_nobody_can_read_still_has_keys() -> None:
    assert keys(Unresolved) == {"amount": None}
    assert keys(UnresolvedToo) == {"amount": None}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (("inner", "number"), int),
        (("several", 3, "number"), int),
        (("named", "any", "number"), int),
        (("Alias",), int),
        (("no", "such"), None),
        (("inner", "number", "deeper"), None),
    ],
)
def test_a_path_leads_through_models_lists_and_mappings(path, kind) -> None:
    assert walk(Outer, path) is kind


def test_a_type_of_other_things_has_no_steps() -> None:
    assert step(Literal["a"], "a") is None
    assert step(type[int], "a") is None
    assert step(dict, "a") is None


def test_which_types_are_secret() -> None:
    secret = (SecretStr, SecretBytes | None, list[SecretStr], Annotated[SecretStr, "x"])

    assert all(is_secret(kind) for kind in secret)
    assert not any(is_secret(kind) for kind in (str, list[str], None, Any))


def test_which_types_take_text() -> None:
    assert all(takes_text(kind) for kind in (str, Any, object, str | int, list[str]))
    assert not any(takes_text(kind) for kind in (int, bool | None, float))


def test_which_types_hold_others_and_nothing_else() -> None:
    assert all(holds_others(kind) for kind in (Inner, list[int], dict[str, int], tuple[int, ...]))
    assert not any(holds_others(kind) for kind in (int, Inner | None, Any, None, Literal["a"]))
