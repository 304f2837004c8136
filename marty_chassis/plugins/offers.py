"""From the methods of the IPlugin family to extension points; only what is overridden counts."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from marty_chassis.errors import ContractError
from marty_chassis.hooks import Registrations, is_awaitable, reading

from .interfaces import (
    IEventHandlerPlugin,
    IHealthPlugin,
    IMetricsPlugin,
    IMiddlewarePlugin,
    IPlugin,
    IServicePlugin,
)


@dataclass(frozen=True, slots=True)
class Offer:
    """One method of one interface, and the hook that it answers."""

    interface: type[IPlugin]
    method: str
    hook: str
    parameters: tuple[str, ...] = ()
    """Passed by position: a subclass may name them as it likes."""


OFFERS = (
    Offer(IServicePlugin, "on_service_register", "service_post_register", ("service_info",)),
    Offer(IServicePlugin, "on_service_unregister", "service_pre_unregister", ("service_info",)),
    Offer(IServicePlugin, "on_service_discovery", "service_discover", ("query",)),
    Offer(IMiddlewarePlugin, "process_request", "middleware_process", ("request", "call_next")),
    Offer(
        IMiddlewarePlugin, "process_websocket", "middleware_websocket", ("websocket", "call_next")
    ),
    Offer(IMiddlewarePlugin, "wrap_app", "web_wrap", ("app",)),
    Offer(IHealthPlugin, "check_health", "health_check"),
    Offer(IMetricsPlugin, "collect_metrics", "metrics_collect"),
    Offer(IMetricsPlugin, "get_metric_definitions", "metrics_describe"),
)
"""The whole table, but for events: their subscriptions are asked for, not registered."""


def hooks_of(plugin: object) -> frozenset[str]:
    """The hooks that a class, an instance or a module implements; runs nothing of it."""
    marked = {mark.hook.replace(".", "_") for mark in reading.marked(plugin)}
    return frozenset(marked | {offer.hook for offer in overridden(plugin)})


def overridden(plugin: object) -> Iterator[Offer]:
    """The offers that a plugin, or a class of plugins, takes up."""
    kind = plugin if isinstance(plugin, type) else type(plugin)
    for offer in OFFERS:
        if issubclass(kind, offer.interface) and _is_own(kind, offer.interface, offer.method):
            yield offer


async def register(
    plugin: object, registrations: Registrations, *, initialized: bool = True
) -> None:
    """Register all that a plugin offers: its hookimpls, then what its interfaces mean.

    Of one that is not initialized, a number that is made of what is not there yet is left out.
    """
    registrations.read(plugin)
    for offer in overridden(plugin):
        options: dict[str, Any] = {}
        facts: dict[str, Any] = {}
        with suppress(*() if initialized else (AttributeError,)):
            if isinstance(plugin, IMiddlewarePlugin):
                options["priority"] = await _number(plugin.get_middleware_priority, int)
            if isinstance(plugin, IHealthPlugin) and offer.hook == "health_check":
                facts["interval"] = await _number(plugin.get_health_check_interval, float, above=0)
        method = _fitting(getattr(plugin, offer.method), offer)
        registrations.add_handler(offer.hook, method, options, facts=facts)


async def subscriptions(plugin: object) -> dict[str, Callable[..., Any]]:
    """The handler of each pattern that an `IEventHandlerPlugin` subscribes to."""
    if not isinstance(plugin, IEventHandlerPlugin):
        return {}
    said: Any = plugin.get_event_subscriptions()
    if is_awaitable(said):
        said = await said
    who = f"{type(plugin).__name__}.get_event_subscriptions"
    try:
        wanted = dict(said or {})
    except (TypeError, ValueError):
        raise ContractError(
            f"{who} answered with {type(said).__name__}; return a mapping from event types to"
            ' names of methods: {"user.login": "handle_login"}.'
        ) from None
    return {pattern: _listener(plugin, name, who) for pattern, name in wanted.items()}


def _listener(plugin: IEventHandlerPlugin, name: object, who: str) -> Callable[..., Any]:
    handler: Any = getattr(plugin, name, None) if isinstance(name, str) else name
    if callable(handler):
        listener: Callable[..., Any] = handler
        return listener
    if not _is_own(type(plugin), IEventHandlerPlugin, "handle_event"):
        raise ContractError(
            f"{who} names {name!r}, which {type(plugin).__name__} does not have."
            " Write that method, or handle_event(self, event_type, event_data)."
        )
    return plugin.handle_event


def _is_own(kind: type, interface: type[IPlugin], method: str) -> bool:
    """Whether a class brings a method of its own, which is not marked as a hookimpl besides."""
    owner = next((one for one in kind.__mro__ if method in vars(one)), interface)
    return owner is not interface and not hasattr(vars(owner)[method], reading.MARK)


def _fitting(method: Callable[..., Any], offer: Offer) -> Callable[..., Any]:
    """The method itself, or one that passes the arguments on by position to other names."""
    signature = inspect.signature(method)
    if tuple(signature.parameters) == offer.parameters:
        return method
    try:
        signature.bind(*offer.parameters)
    except TypeError:
        return method  # What it lacks is said when it is registered.

    def fitted(*arguments: Any) -> Any:
        return method(*arguments)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    named = [inspect.Parameter(name, kind) for name in offer.parameters]
    fitted.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    return fitted


async def _number(
    ask: Callable[[], Any], kind: type[int] | type[float], above: float = -math.inf
) -> int | float:
    said = ask()
    if is_awaitable(said):
        said = await said
    fits = isinstance(said, int | float) and not isinstance(said, bool) and above < said < math.inf
    if not fits:
        name = getattr(ask, "__qualname__", repr(ask))
        which = "a number" if above < 0 else f"a number above {above:g}"
        raise ContractError(f"{name} answered {said!r}. Return {which}.")
    return kind(said)
