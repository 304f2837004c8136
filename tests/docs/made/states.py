"""The states of a plugin and the phases of its life, made of the code that moves it."""

from __future__ import annotations

import ast
import inspect
from enum import Enum
from textwrap import dedent

from marty_chassis.boundary import Phase
from marty_chassis.lifecycle.reasons import _WHAT_TO_DO
from marty_chassis.lifecycle.state import AT_REST, FOLLOWS, State


def states() -> str:
    """Each state with its sentence, and what may follow it."""
    said = sentences(State)
    rows = [
        f"| `{one.name}` | {said[one.name]} | {_followers(one)} | {'yes' if one in AT_REST else ''} |"
        for one in State
    ]
    head = ["| state | | may be followed by | nothing to undo |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def phases() -> str:
    """Each phase in which something can fail, and what the reason says to do."""
    said = sentences(Phase)
    rows = [f"| `{one.value}` | {said[one.name]} | {_WHAT_TO_DO[one]} |" for one in Phase]
    return "\n".join(["| phase | what runs | what the reason says |", "|---|---|---|", *rows])


def sentences(kind: type[Enum]) -> dict[str, str]:
    """What stands below each member of an enumeration, which Python does not keep."""
    (found,) = ast.parse(dedent(inspect.getsource(kind))).body
    assert isinstance(found, ast.ClassDef)
    said: dict[str, str] = {}
    name = ""
    for one in found.body:
        if isinstance(one, ast.Assign):
            name = ast.unparse(one.targets[0])
        elif name and isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
            said.setdefault(name, " ".join(str(one.value.value).split()))
    return said


def _followers(state: State) -> str:
    followers = [one.name for one in State if one in FOLLOWS[state]]
    return ", ".join(f"`{name}`" for name in followers) or "nothing"
