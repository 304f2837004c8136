"""What a handler takes, read off its parameters once, when it is subscribed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import reduce
from inspect import Parameter
from typing import Any

from marty_chassis.errors import WrongHandler

from .event import Event

Handler = Callable[..., Any]
"""Takes `event_data`, or `event_type` and `event_data`, or the `Event`; may be asynchronous."""

_BY_POSITION = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def taking(handler: Handler, *, plugin: str, pattern: str) -> Callable[[Event], Any]:
    """Give the handler as a function of an event.

    Two parameters without a default are the type and the data. One is the data, unless it is
    annotated as `Event`, or is called `event` and has no annotation. Raises `WrongHandler`.
    """

    def wrong(found: str) -> WrongHandler:
        return WrongHandler(plugin, pattern, handler_name(handler), found)

    if not callable(handler):
        raise wrong("cannot be called")
    try:
        parameters = inspect.signature(handler).parameters.values()
    except ValueError:
        raise wrong("does not show its parameters") from None
    if missing := [p.name for p in parameters if p.kind is Parameter.KEYWORD_ONLY and _needed(p)]:
        raise wrong(f"needs {', '.join(missing)} by keyword")
    places = [p for p in parameters if p.kind in _BY_POSITION]
    # One parameter is filled even if it could do without.
    wanted = [p for p in places if _needed(p)] or places[:1]
    match wanted:
        case [one]:
            if _is_event(one, handler):
                return handler
            return lambda event: handler(event.data)
        case [_, _]:
            return lambda event: handler(event.type, event.data)
        case []:
            raise wrong("takes no parameters by position that could be counted")
        case _:
            raise wrong(f"needs {len(wanted)} parameters: {', '.join(p.name for p in wanted)}")


def handler_name(handler: object) -> str:
    """What a handler is called in words."""
    return str(getattr(handler, "__qualname__", None) or repr(handler))


def _needed(parameter: Parameter) -> bool:
    return parameter.default is Parameter.empty


def _is_event(parameter: Parameter, handler: Handler) -> bool:
    annotation = parameter.annotation
    if annotation is Parameter.empty:
        return parameter.name == "event"
    if not isinstance(annotation, str):
        return annotation is Event
    words = annotation.strip("\"'").split(".")
    if words[-1] != "Event":
        return False
    # Imported for the type checker alone it is not there, and then we believe the word.
    named = getattr(inspect.unwrap(handler), "__globals__", {}).get(words[0], Event)
    return reduce(lambda found, word: getattr(found, word, Event), words[1:], named) is Event
