"""Reading `@hookimpl` marks from an object, and refusing what could not be called."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marty_chassis.errors import UnknownHook, WrongArguments
from marty_hookspecs import PROJECT_NAME

MARK = f"{PROJECT_NAME}_impl"


@dataclass(frozen=True, slots=True)
class Marked:
    """A function that says it implements a hook."""

    hook: str
    function: Callable[..., Any]
    options: Mapping[str, Any]


def marked(plugin: object) -> Iterator[Marked]:
    """Give every hookimpl of a module, an instance or a class, in the order of definition.

    A subclass that overrides a marked method without a mark keeps the mark: pluggy loses it.
    Nothing is executed: descriptors other than functions are passed over.
    """
    for name, static in _attributes(plugin).items():
        options = getattr(static, MARK, None) or _inherited_mark(plugin, name)
        if isinstance(options, dict):
            # The dict lives on the function and is shared by all instances.
            yield Marked(options.get("specname") or name, getattr(plugin, name), dict(options))


def parameters(
    function: Callable[..., Any], allowed: tuple[str, ...], *, hook: str, plugin: str
) -> tuple[str, ...]:
    """Give those of the hook's arguments that the function takes; self and cls do not count.

    Raises `WrongArguments` for a name that the hook does not have, for keyword-only parameters
    and for `*args` or `**kwargs`, which pluggy would silently call without arguments.
    """
    plain = _plain(function)
    if plain is not None and set(plain) <= set(allowed):
        return plain
    taken: list[str] = []
    wrong: list[str] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and name in allowed:
            taken.append(name)
        elif parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            # pluggy leaves parameters with defaults that it does not know alone.
            if parameter.default is parameter.empty:
                wrong.append(name)
        else:
            wrong.append(_written(parameter))
    if wrong:
        raise WrongArguments(hook, wrong, allowed, plugin=plugin, place=place(function))
    return tuple(taken)


def taken(function: Callable[..., Any]) -> tuple[str, ...]:
    """Give the arguments that a function wants, for a hook whose specification may come later."""
    return tuple(
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        and parameter.default is parameter.empty
    )


def unknown(
    hook: str, known: Mapping[str, Any], plugin: str, function: Callable[..., Any]
) -> UnknownHook:
    """The error for a hook that no specification names."""
    return UnknownHook(hook, sorted(known), plugin=plugin, place=place(function))


def place(function: Callable[..., Any]) -> str:
    """Where a function is written: `plugins/audit.py:12`."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return repr(function)
    return f"{code.co_filename}:{code.co_firstlineno}"


def _plain(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """The arguments of an undecorated function of the usual kind: ten times faster than asking."""
    inner = getattr(function, "__func__", function)
    code = getattr(inner, "__code__", None)
    unusual = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
    if (
        code is None
        or hasattr(inner, "__wrapped__")
        or code.co_kwonlyargcount
        or code.co_posonlyargcount
        or code.co_flags & unusual
    ):
        return None
    names: tuple[str, ...] = code.co_varnames[: code.co_argcount]
    return names if inner is function else names[1:]


def _written(parameter: inspect.Parameter) -> str:
    if parameter.kind is parameter.KEYWORD_ONLY:
        return f"*, {parameter.name}"
    return (
        str(parameter)
        if parameter.kind is not parameter.POSITIONAL_ONLY
        else f"{parameter.name}, /"
    )


def _attributes(plugin: object) -> dict[str, object]:
    """Every function that the object offers, unbound, in the order of definition."""
    # inspect.getattr_static keeps classes alive in a cache on Python 3.12.1 (CPython #118013).
    if isinstance(plugin, types.ModuleType):
        layers: list[Mapping[str, object]] = [vars(plugin)]
    else:
        layers = [vars(c) for c in reversed(_mro(plugin))]
        if not isinstance(plugin, type):
            layers.append(getattr(plugin, "__dict__", {}))
    found: dict[str, object] = {}
    for layer in layers:
        for name, value in layer.items():
            plain = getattr(value, "__func__", value)
            if inspect.isroutine(plain):
                found[name] = plain
            else:
                found.pop(name, None)
    return found


def _inherited_mark(plugin: object, name: str) -> object:
    if isinstance(plugin, types.ModuleType):
        return None
    layers = (vars(c).get(name) for c in _mro(plugin))
    marks = (getattr(getattr(value, "__func__", value), MARK, None) for value in layers)
    return next((mark for mark in marks if mark is not None), None)


def _mro(plugin: object) -> tuple[type, ...]:
    kind = plugin if isinstance(plugin, type) else type(plugin)
    return kind.__mro__[:-1]
