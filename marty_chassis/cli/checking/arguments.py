"""Parameters of what the chassis calls: names that a hook does not have, too many, too few."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence

from marty_chassis.errors import WrongArguments, WrongHandler, did_you_mean
from marty_chassis.events.taking import taking
from marty_chassis.hooks.reading import parameters

from .contract import HOOKS
from .finding import Finding
from .parts import Part
from .registered import registered
from .signature import as_written, first_of, is_bound
from .source import Source


def check(source: Source) -> Iterator[Finding]:
    """Look at hookimpls, at methods of interfaces, at what is registered by name."""
    for part in source.outline.parts:
        if part.known_shape and part.hook in HOOKS:
            yield from of_hook(part, HOOKS[part.hook].parameters, source)
        elif part.known_shape and (method := part.method) is not None:
            if part.name == "handle_event":
                yield from of_listener(part, source)
            else:
                yield from _of_method(part, method.parameters, source)
    for one in registered(source):
        hook = HOOKS.get(one.point.replace(".", "_"))
        if hook is not None and one.handler is not None and one.handler.known_shape:
            yield from of_hook(one.handler, hook.parameters, source)


def of_hook(part: Part, allowed: tuple[str, ...], source: Source) -> Iterator[Finding]:
    """Look at a function that is called with what it takes of a hook's arguments, by name."""
    if _lacks_self(part, allowed):
        yield _without_self(part, source)
        return
    function = as_written(part)
    try:
        parameters(function, allowed, hook=part.hook, plugin="")
    except WrongArguments as error:
        wrong = " and ".join(repr(one) for one in error.wrong)
        yield source.finding(
            "wrong-arguments",
            part.node,
            f"{part.name!r} takes {wrong}, and the hook has {_listed(allowed)}",
            f"{did_you_mean(error.wrong[0], allowed)} Take any of these by name, as plain"
            " parameters, or none.".strip(),
        )
        return
    for name in inspect.signature(function).parameters:
        if name not in allowed and (near := did_you_mean(name, allowed)):
            yield source.finding(
                "wrong-arguments",
                part.node,
                f"the hook has {_listed(allowed)} and no {name!r}, so it always has its default",
                near.strip(),
                "warning",
            )


def of_listener(part: Part, source: Source) -> Iterator[Finding]:
    """Look at a method that is called with events."""
    if _lacks_self(part, ("event", "event_type", "event_data")):
        yield _without_self(part, source)
        return
    function = as_written(part)
    try:
        taking(function, plugin="", pattern="")
    except WrongHandler as error:
        found = error.found if inspect.signature(function).parameters else "takes no parameters"
        yield source.finding(
            "wrong-arguments",
            part.node,
            f"{part.name!r} cannot be called with an event: it {found}",
            "Take event_data, or event_type and event_data, or the event.",
        )


def _of_method(part: Part, given: Sequence[str], source: Source) -> Iterator[Finding]:
    if _lacks_self(part, given):
        yield _without_self(part, source)
        return
    signature = inspect.signature(as_written(part))
    try:
        signature.bind(*given)
    except TypeError:
        yield source.finding(
            "wrong-arguments",
            part.node,
            f"{part.name!r} is called with {_listed(given)}, and takes"
            f" {str(signature)[1:-1] or 'no arguments'}",
            f"Write {part.name}({', '.join(('self', *given))}).",
        )


def _lacks_self(part: Part, given: Sequence[str]) -> bool:
    if not is_bound(part):
        return False
    first = first_of(part)
    return (first is None and part.node.args.vararg is None) or first in given


def _without_self(part: Part, source: Source) -> Finding:
    return source.finding(
        "wrong-arguments",
        part.node,
        f"{part.name!r} takes no self, so its first argument is the plugin itself",
        "Write self as the first parameter, or @staticmethod above it.",
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "no arguments"
