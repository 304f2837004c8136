"""Asking plugins: `await hooks.ask(service_pre_register, info)`, typed by the specification."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from marty_chassis.errors import UnknownHook
from marty_hookspecs import Point
from marty_hookspecs.point import A, P, R

from .answers import Answer, Asking, by_position
from .failures import Failures
from .generation import PointState
from .selector import Selector
from .steps import step


class Hooks:
    """The caller of hooks. Inside a request it asks the plugins that the request began with."""

    def __init__(self, selector: Selector, failures: Failures) -> None:
        self._selector = selector
        self._failures = failures

    # Not `async def`: a coroutine of its own would cost more than the rest of the way.
    def ask(
        self, point: Point[P, R, A], *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, A]:
        """Ask all plugins; the answers become one in the way of the point's type.

        Raises `HookFailed` where the point's policy is to raise.
        """
        state = self._selector.pinned().points[point.__name__]
        asked: Coroutine[Any, Any, A] = state.call(*args, **kwargs)
        return asked

    async def ask_detailed(
        self, point: Point[P, R, A], *args: P.args, **kwargs: P.kwargs
    ) -> list[Answer[R]]:
        """Each plugin's own answer with its seconds and its error; never raises for a fault."""
        return await self._detailed(self._state(point.__name__), None, args, kwargs)

    async def ask_one(
        self, plugin: str, point: Point[P, R, A], *args: P.args, **kwargs: P.kwargs
    ) -> list[Answer[R]]:
        """One plugin's answers, as `ask_detailed` gives them; none if it has no handler."""
        return await self._detailed(self._state(point.__name__), plugin, args, kwargs)

    async def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """The untyped door: ask a point by its dotted name. Raises `UnknownHook`."""
        return await self._state(name).call(*args, **kwargs)

    async def call_detailed(self, name: str, *args: Any, **kwargs: Any) -> list[Answer[Any]]:
        """The untyped door to `ask_detailed`. Raises `UnknownHook`."""
        return await self._detailed(self._state(name), None, args, kwargs)

    def _state(self, name: str) -> PointState:
        points = self._selector.pinned().points
        try:
            return points[name.replace(".", "_")]
        except KeyError:
            raise UnknownHook(name, sorted(s.spec.name for s in points.values())) from None

    async def _detailed(
        self, state: PointState, plugin: str | None, args: Any, kwargs: Any
    ) -> list[Answer[Any]]:
        steps = [step(h, state.parameters) for h in state.handlers if not h.wrapper]
        asking = Asking(state.spec, state.parameters, steps, self._failures, state.lease)

        async def answers(arguments: tuple[Any, ...]) -> list[Answer[Any]]:
            return await asking.answers(arguments, plugin=plugin)

        detailed: list[Answer[Any]] = await by_position(state.spec.hook, state.parameters, answers)(
            *args, **kwargs
        )
        return detailed

    def __repr__(self) -> str:
        return f"<Hooks of {self._selector.current!r}>"
