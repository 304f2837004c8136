"""What plugins answer to `metrics.collect` and `metrics.describe`, and what makes sense of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from numbers import Real
from typing import Any, TypeVar, cast

import anyio

from marty_chassis.boundary import Phase, guarded
from marty_chassis.errors import ContractError, PluginFault
from marty_chassis.hooks import Answer, Handler, HookManager
from marty_hookspecs import metrics_collect, metrics_describe

from .families import MetricType

T = TypeVar("T")

LONGEST = 200
"""Characters of a metric's name."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a plugin says a figure is."""

    type: MetricType
    description: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """One plugin's figures, those alone that make sense."""

    plugin: str
    values: Mapping[str, float] = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    """One line for each thing that went wrong."""
    seconds: float = 0.0
    """How long the plugin took to answer."""
    answered: bool = True
    """Whether it did; what did not answer has no figures here, also not those of before."""
    age: float = 0.0
    """Seconds since it was asked."""


def brought(manager: HookManager) -> dict[str, tuple[Handler, ...]]:
    """Give, by plugin, the handlers that have figures now."""
    found: dict[str, tuple[Handler, ...]] = {}
    for hook in ("metrics_collect", "metrics_describe"):
        for handler in manager.current.handlers(hook):
            if not handler.wrapper:
                found[handler.plugin] = (*found.get(handler.plugin, ()), handler)
    return found


async def collected(manager: HookManager) -> list[Figures]:
    """Ask every plugin that has figures, all at once; give them by the plugins' names."""
    found: dict[str, Figures] = {}

    async def ask(plugin: str) -> None:
        found[plugin] = await figures_of(manager, plugin)

    async with anyio.create_task_group() as group:
        for plugin in brought(manager):
            group.start_soon(ask, plugin)
    return [found[plugin] for plugin in sorted(found)]


async def figures_of(manager: HookManager, plugin: str) -> Figures:
    """Ask one plugin; bounded by the deadlines of the hooks."""
    collects = await manager.hooks.ask_one(plugin, metrics_collect)
    describes = await manager.hooks.ask_one(plugin, metrics_describe)
    sieve = Sieve(manager, plugin)
    values = {n: v for answer in collects for n, v in sieve.values(answer).items()}
    definitions = {n: d for answer in describes for n, d in sieve.definitions(answer).items()}
    return Figures(
        plugin,
        values,
        definitions,
        tuple(sieve.problems),
        round(sum(a.seconds for a in collects) + sum(a.seconds for a in describes), 6),
        answered=all(answer.ok for answer in collects),
    )


def at_hand(handlers: Iterable[Handler]) -> tuple[Handler, ...]:
    """Those of the handlers that need not be asked: they tell at once, and run no plugin's code."""
    return tuple(handler for handler in handlers if handler.options.get("at_hand"))


def figures_at_hand(
    manager: HookManager, plugin: str, handlers: Iterable[Handler]
) -> Figures | None:
    """What a plugin's counters and gauges are just now; `None` where it has none."""
    sieve, found = Sieve(manager, plugin), Figures(plugin)
    own = at_hand(handlers)
    for handler in own:
        answer = Answer(plugin, handler.function(), 0.0)
        if handler.hook == "metrics_collect":
            found = replace(found, values=sieve.values(answer))
        else:
            found = replace(found, definitions=sieve.definitions(answer))
    return replace(found, problems=tuple(sieve.problems)) if own else None


class Sieve:
    """Keeps what makes sense of one plugin's answers; everything else is a fault of the plugin."""

    def __init__(self, manager: HookManager, plugin: str) -> None:
        self._faults = manager.faults
        self._plugin = plugin
        self.problems: list[str] = []

    def values(self, answer: Answer[Any]) -> dict[str, float]:
        """Read an answer to `metrics.collect`."""
        return self._read(answer, "metrics.collect", _number)

    def definitions(self, answer: Answer[Any]) -> dict[str, Definition]:
        """Read an answer to `metrics.describe`."""
        return self._read(answer, "metrics.describe", _definition)

    def refuse(self, hook: str, why: str) -> None:
        """Report something that makes no sense."""
        self.tried(hook, _refused, why)

    def tried(self, hook: str, function: Callable[..., T], *arguments: object) -> T | None:
        """Look at something of the plugin's; `None`, and a fault, where that raises.

        Even a number can be an object of the plugin's own making.
        """
        try:
            with guarded(self._faults, plugin=self._plugin, phase=Phase.HOOK, hook=hook):
                return function(*arguments)
        except PluginFault as error:
            self.problems.append(str(error.fault))
            return None

    def _read(self, answer: Answer[Any], hook: str, read: Callable[[str, Any], T]) -> dict[str, T]:
        if answer.error is not None:
            self.problems.append(str(answer.error))
        if answer.value is None:
            return {}
        items = self.tried(hook, _items, answer.value) or []
        found = ((name, self.tried(hook, read, name, value)) for name, value in items)
        return {name: value for name, value in found if value is not None}


def _refused(why: str) -> None:
    raise ContractError(why)


def _items(answer: object) -> list[tuple[str, object]]:
    if not isinstance(answer, Mapping):
        raise ContractError(f"the answer is a {type(answer).__name__}, and no mapping by name")
    items = list(answer.items())
    for name, _ in items:
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST:
            raise ContractError(f"a name is no text of 1 to {LONGEST} characters")
    return items


def _number(name: str, value: object) -> float:
    if not isinstance(value, Real | Decimal):
        raise ContractError(f"{name} is a {type(value).__name__}; give a number")
    number = float(value)
    if not math.isfinite(number):
        raise ContractError(f"{name} is {number}; give a number that is finite")
    return int(value) if isinstance(value, int) else number


def _definition(name: str, value: object) -> Definition:
    if not isinstance(value, Mapping):
        raise ContractError(f"{name} is described by a {type(value).__name__}, and no mapping")
    kind, description = value.get("type", "gauge"), value.get("description", "")
    if kind not in ("counter", "gauge"):
        raise ContractError(
            f"{name} is described as {str(kind)[:40]!r}; the types are 'counter' and 'gauge'"
        )
    return Definition(cast(MetricType, kind), in_one_line(description))


def in_one_line(description: object) -> str:
    """Give a description as it can be shown in one line, in UTF-8."""
    return writable(" ".join(str(description).split()))


def writable(text: str) -> str:
    """Give a text as it can be written in UTF-8."""
    return text.encode(errors="backslashreplace").decode()
