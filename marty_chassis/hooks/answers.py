"""Asking one handler after another, each with its deadline, its time and its error."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Generic, TypeVar

from marty_chassis.boundary import Fault, bounded, is_fault
from marty_hookspecs import ErrorPolicy, ExtensionPointType, PointSpec

from .failures import Failures, hook_failed
from .generation import Lease
from .steps import Step, is_awaitable

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """What one plugin answered, how long it took, and what went wrong."""

    plugin: str
    value: R | None
    seconds: float
    error: Fault | None = None

    @property
    def ok(self) -> bool:
        """Whether the plugin answered at all."""
        return self.error is None


@dataclass(frozen=True, slots=True)
class Asking:
    """One extension point with its handlers, asked with all the care that a clock allows."""

    spec: PointSpec[Any, Any]
    parameters: tuple[str, ...]
    steps: Sequence[Step]
    failures: Failures
    lease: Lease

    async def answers(
        self, arguments: tuple[Any, ...], *, plugin: str | None = None
    ) -> list[Answer[Any]]:
        """Every plugin's answer, or one plugin's; never raises for a plugin's fault."""
        answers: list[Answer[Any]] = []
        with self.lease:
            for step in self.steps:
                if plugin is None or step.handler.plugin == plugin:
                    answer = await self._answer(step, arguments)
                    answers.append(answer)
                    arguments = self._passed_on(arguments, answer)
        return answers

    async def combined(self, arguments: tuple[Any, ...]) -> Any:
        """All answers as one, in the way of the point's type; raises where its policy says so."""
        with self.lease:
            values: list[Any] = []
            for step in self.steps:
                answer = await self._answer(step, arguments)
                if answer.error is None:
                    values.append(answer.value)
                    arguments = self._passed_on(arguments, answer)
                elif self.spec.on_error is ErrorPolicy.RAISE and step.handler.closed:
                    raise hook_failed(answer.error)
        return combine(self.spec.type, values, arguments)

    async def _answer(self, step: Step, arguments: tuple[Any, ...]) -> Answer[Any]:
        handler = step.handler
        breaker = self.failures.breaker(handler)
        if not breaker.allows():
            recent = self.failures.faults.recent(handler.plugin)
            last = recent[-1] if recent else None
            return Answer(handler.plugin, None, 0.0, last)
        given = copy.deepcopy(arguments) if self.spec.copy else arguments
        began = perf_counter()
        try:
            value = await self._value(step, given)
        except BaseException as error:
            if not is_fault(error):
                raise
            seconds = perf_counter() - began
            breaker.failed()
            self.failures.count(handler, self.spec.name, seconds)
            fault = self.failures.report(handler, error, self.spec)
            return Answer(handler.plugin, None, seconds, fault)
        seconds = perf_counter() - began
        breaker.succeeded()
        self.failures.count(handler, self.spec.name, seconds)
        return Answer(handler.plugin, value, seconds)

    async def _value(self, step: Step, arguments: tuple[Any, ...]) -> Any:
        async def call() -> Any:
            value = step.call(*arguments)
            if step.awaitable or is_awaitable(value):
                value = await value
            return value

        if self.spec.deadline is None:
            return await call()
        return await bounded(
            call, self.spec.deadline, repr(step.handler), strays=self.failures.strays
        )

    def _passed_on(self, arguments: tuple[Any, ...], answer: Answer[Any]) -> tuple[Any, ...]:
        if self.spec.type is ExtensionPointType.FILTER and answer.value is not None:
            return (answer.value, *arguments[1:])
        return arguments


def combine(type: ExtensionPointType, values: Iterable[Any], arguments: tuple[Any, ...]) -> Any:
    """Make one answer of many, in the way of a type."""
    match type:
        case ExtensionPointType.HOOK:
            return None
        case ExtensionPointType.ACTION:
            return list(values)
        case ExtensionPointType.PROVIDER:
            return [value for value in values if value is not None]
        case _:
            return arguments[0]


def by_position(
    name: str, parameters: tuple[str, ...], call: Callable[[tuple[Any, ...]], Any]
) -> Callable[..., Any]:
    """Give `call` the specification's arguments in their order, however they were passed."""

    def asked(*args: Any, **kwargs: Any) -> Any:
        named = dict(zip(parameters, args, strict=False)) | kwargs
        if (
            len(args) > len(parameters)
            or set(named) != set(parameters)
            or len(named) != len(args) + len(kwargs)
        ):
            raise TypeError(f"{name} takes ({', '.join(parameters)}), got {[*args, *kwargs]}")
        return call(tuple(named[word] for word in parameters))

    return asked
