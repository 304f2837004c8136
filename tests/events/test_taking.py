"""What handlers may take, and how it is found out."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from types import FunctionType
from typing import Any
from unittest.mock import Mock

import pytest

from marty_chassis.errors import WrongHandler
from marty_chassis.events import Event
from marty_chassis.events.taking import taking

EVENT = Event(type="user.login", source="auth", data={"name": "ann"})
AS_DATA, AS_BOTH, AS_EVENT = (EVENT.data,), (EVENT.type, EVENT.data), (EVENT,)


def taken(*values: Any) -> tuple[Any, ...]:
    return values


class Plugin:
    """Methods of every kind."""

    def handle_login(self, event_data: Any) -> Any:
        return taken(event_data)

    def handle_event(self, event_type: str, event_data: Any) -> Any:
        return taken(event_type, event_data)

    @staticmethod
    def static(data: Any) -> Any:
        return taken(data)

    @classmethod
    def of_class(cls, data: Any) -> Any:
        return taken(data)

    def __call__(self, event: Event) -> Any:
        return taken(event)


def annotated(something: Event) -> Any:
    return taken(something)


def annotated_in_quotes(something: "Event") -> Any:  # noqa: UP037  # the case in question
    return taken(something)


def called_event(event) -> Any:
    return taken(event)


def called_event_and_something_else(event: dict[str, Any]) -> Any:
    return taken(event)


def another_event(happening: threading.Event) -> Any:
    return taken(happening)


def with_defaults(event_data: Any, retries: int = 3) -> Any:
    return taken(event_data)


def all_defaults(event_data: Any = None, retries: int = 3) -> Any:
    return taken(event_data)


def with_options(event_data: Any, *, loud: bool = False, **rest: Any) -> Any:
    return taken(event_data)


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return inner


def eager(annotation: Any) -> Callable[..., Any]:
    def handler(something) -> Any:
        return taken(something)

    handler.__annotations__["something"] = annotation
    return handler


def elsewhere(something: "Event") -> Any:  # noqa: UP037
    return taken(something)


def in_a_module_with(**names: Any) -> Callable[..., Any]:
    """The handler as a module would hold it that knows other names."""
    function = FunctionType(elsewhere.__code__, {"taken": taken, **names})
    function.__annotations__ = {"something": "Event"}
    return function


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (Plugin().handle_login, AS_DATA),
        (Plugin().handle_event, AS_BOTH),
        (Plugin.static, AS_DATA),
        (Plugin.of_class, AS_DATA),
        (Plugin(), AS_EVENT),
        (lambda data: taken(data), AS_DATA),
        (lambda type, data: taken(type, data), AS_BOTH),
        (functools.partial(lambda first, data: taken(data), 1), AS_DATA),
        (annotated, AS_EVENT),
        (annotated_in_quotes, AS_EVENT),
        (called_event, AS_EVENT),
        (called_event_and_something_else, AS_DATA),
        (eager(Event), AS_EVENT),
        (eager(dict), AS_DATA),
        (in_a_module_with(), AS_EVENT),
        (in_a_module_with(Event=Event), AS_EVENT),
        (in_a_module_with(Event=threading.Event), AS_DATA),
        (with_defaults, AS_DATA),
        (all_defaults, AS_DATA),
        (with_options, AS_DATA),
        (decorated(annotated), AS_EVENT),
        (decorated(with_defaults), AS_DATA),
        (another_event, AS_DATA),
    ],
    ids=(str(number) for number in range(23)),
)
def test_a_handler_gets_what_its_parameters_ask_for(
    handler: Callable[..., Any], expected: tuple[Any, ...]
) -> None:
    call = taking(handler, plugin="audit", pattern="user.*")

    assert call(EVENT) == expected


@pytest.mark.parametrize(
    ("handler", "found"),
    [
        (lambda: None, "takes no parameters by position"),
        (lambda *args: None, "takes no parameters by position"),
        (Mock(), "takes no parameters by position"),
        (functools.partial(taken, 1), "takes no parameters by position"),
        (lambda a, b, c: None, "needs 3 parameters: a, b, c"),
        (lambda a, *, loud: None, "needs loud by keyword"),
        ("handle_login", "cannot be called"),
        (min, "does not show its parameters"),
    ],
    ids=["nothing", "any", "mock", "partial", "three", "keyword", "text", "builtin"],
)
def test_a_handler_that_cannot_be_called_is_refused_in_words(handler: Any, found: str) -> None:
    with pytest.raises(WrongHandler) as raised:
        taking(handler, plugin="audit", pattern="user.*")

    assert found in str(raised.value)
    assert "plugin 'audit' subscribes" in str(raised.value)
    assert "Take `event_data`, or `event_type` and `event_data`, or `event`." in str(raised.value)
