"""A function with the parameters of one that is written somewhere, and none of its code."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from .parts import Part


def as_written(part: Part) -> Callable[..., Any]:
    """Make a function that takes what this one takes, as it is called: without `self`.

    So whoever reads the parameters of functions when the service runs can read these. Defaults are
    `None`, annotations are texts, the body is empty: what is compiled here are names alone.
    """
    given = part.node.args
    bare = ast.arguments(
        posonlyargs=[_bare(one) for one in given.posonlyargs],
        args=[_bare(one) for one in given.args],
        vararg=given.vararg and _bare(given.vararg),
        kwonlyargs=[_bare(one) for one in given.kwonlyargs],
        kw_defaults=[one and ast.Constant(None) for one in given.kw_defaults],
        kwarg=given.kwarg and _bare(given.kwarg),
        defaults=[ast.Constant(None) for _ in given.defaults],
    )
    if is_bound(part):
        places = bare.posonlyargs or bare.args
        del places[:1]
        left = len(bare.posonlyargs) + len(bare.args)
        del bare.defaults[: max(0, len(bare.defaults) - left)]
    module = ast.parse(f"def {part.name}(): ...")
    (function,) = module.body
    function.args = bare  # type: ignore[attr-defined]  # It is the function just written.
    space: dict[str, Callable[..., Any]] = {}
    exec(compile(ast.fix_missing_locations(module), "<as written>", "exec"), space)
    return space[part.name]


def is_bound(part: Part) -> bool:
    """Whether it gets its instance, or its class, as the first argument."""
    return part.owner is not None and "staticmethod" not in part.decorators


def first_of(part: Part) -> str | None:
    """Give the name of the parameter that comes first by position."""
    places = [*part.node.args.posonlyargs, *part.node.args.args]
    return places[0].arg if places else None


def _bare(argument: ast.arg) -> ast.arg:
    said = argument.annotation
    return ast.arg(argument.arg, said and ast.Constant(ast.unparse(said)))
