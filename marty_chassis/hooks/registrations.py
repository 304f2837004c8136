"""What one plugin registers: staged until it is published, visible at once from then on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marty_chassis.errors import ContractError

from . import reading
from .contribution import Contribution, E, Part, V
from .handler import DEFAULT_PRIORITY, Handler, Turn, threads_for
from .manager import HookManager
from .points import ExtensionPoint


@dataclass(frozen=True, slots=True)
class Standing:
    """What the operator and the place of a plugin say about all of its handlers."""

    priority: int | None = None
    """The operator's; it replaces the plugin's own priority and its tryfirst and trylast."""
    closed: bool = True
    depth: int = 0
    scope: str | None = None


class Registrations:
    """The plugin's own entries in the next generations; the only way anything gets there.

    Before `publish` nothing is visible. After it every change makes a generation of its own.
    """

    def __init__(self, manager: HookManager, plugin: str, standing: Standing | None = None) -> None:
        self.manager = manager
        self.plugin = plugin
        self.standing = standing or Standing()
        self._handlers: list[Handler] = []
        self._points: list[ExtensionPoint] = []
        self._parts: dict[Part[Any, Any], list[Any]] = {}
        self._published: Contribution | None = None

    @property
    def visible(self) -> bool:
        """Whether what is registered here is in the current generation."""
        current = self.manager.current.contributions.get(self.plugin)
        return current is not None and current is self._published

    @property
    def empty(self) -> bool:
        """Whether nothing is registered here."""
        return not (self._handlers or self._points or any(self._parts.values()))

    def read(self, plugin: object) -> None:
        """Register every `@hookimpl` of an object; raises `ContractError` for what cannot be."""
        for mark in reading.marked(plugin):
            if mark.options.get("hookwrapper"):
                raise ContractError(
                    f"plugin {self.plugin!r} implements {mark.hook!r} at"
                    f" {reading.place(mark.function)} as an old-style hookwrapper."
                    " Use wrapper=True."
                )
            self.add_handler(mark.hook, mark.function, mark.options)

    def add_handler(
        self,
        hook: str,
        function: Callable[..., Any],
        options: Mapping[str, Any] | None = None,
        *,
        facts: Mapping[str, Any] | None = None,
    ) -> Handler:
        """Register a function for a hook, dotted or with underscores.

        options: a hookimpl's own (priority, tryfirst, trylast, wrapper, blocking, optionalhook).
        facts: whatever somebody who asks this hook wants to know, as `Handler.options`.
        Raises `UnknownHook` and `WrongArguments`.
        """
        given = options or {}
        hook = hook.replace(".", "_")
        known = self._known()
        if hook in known:
            taken = reading.parameters(function, known[hook], hook=hook, plugin=self.plugin)
        elif given.get("optionalhook"):
            taken = reading.taken(function)
        else:
            raise reading.unknown(hook, known, self.plugin, function)
        handler = self._handler(hook, function, taken, given, facts or {})
        self._handlers.append(handler)
        self._changed()
        return handler

    def remove_handler(self, handler: Handler) -> None:
        """Take a handler back; calls under way may still reach it."""
        self._handlers.remove(handler)
        self._changed()

    def handlers(self, hook: str, function: Callable[..., Any] | None = None) -> list[Handler]:
        """The handlers of one hook, or those of them that were made of one function."""
        hook = hook.replace(".", "_")
        found = [h for h in self._handlers if h.hook == hook]
        return found if function is None else [h for h in found if h.function == function]

    def add_point(self, point: ExtensionPoint) -> None:
        """Bring an extension point; raises `ExtensionPointClash`."""
        self._points.append(point)
        try:
            self._changed()
        except BaseException:
            self._points.remove(point)
            raise

    def remove_point(self, name: str) -> None:
        """Take an extension point back; its handlers sleep until somebody brings it again."""
        self._points = [point for point in self._points if point.name != name]
        self._changed()

    def points(self) -> tuple[ExtensionPoint, ...]:
        """The extension points that the plugin brings."""
        return tuple(self._points)

    def add(self, part: Part[E, V], entry: E) -> None:
        """Enter something into a part of the generation."""
        self._parts.setdefault(part, []).append(entry)
        self._changed()

    def remove(self, part: Part[E, V], entry: E) -> None:
        """Take an entry back, by identity; one that is gone already is no error."""
        entries = self._parts.get(part, [])
        kept = [known for known in entries if known is not entry]
        if len(kept) != len(entries):
            self._parts[part] = kept
            self._changed()

    def entries(self, part: Part[E, V]) -> tuple[E, ...]:
        """What the plugin has entered into one part."""
        return tuple(self._parts.get(part, ()))

    def contribution(self) -> Contribution:
        """All of it as it is now, for a caller that publishes several plugins at once."""
        self._published = Contribution(
            self.plugin,
            tuple(self._handlers),
            tuple(self._points),
            {part: tuple(entries) for part, entries in self._parts.items() if entries},
            run=self,
        )
        return self._published

    def publish(self) -> None:
        """Make everything visible, at once; what could not be published leaves all as it was."""
        before = self._published
        try:
            self.manager.publish(self.contribution())
        except BaseException:
            self._published = before
            raise

    def withdraw(self) -> Contribution | None:
        """Make everything invisible, unless another generation of the plugin took its place.

        Gives what was withdrawn, to wait for those who still use it.
        """
        withdrawn = self._published
        if withdrawn is not None and self.visible:
            self.manager.publish(withdraw=[withdrawn])
        return withdrawn

    def clear(self) -> None:
        """Forget everything; nothing of it may be visible any more."""
        self._handlers.clear()
        self._points.clear()
        self._parts.clear()
        self._published = None

    def _handler(
        self,
        hook: str,
        function: Callable[..., Any],
        parameters: tuple[str, ...],
        options: Mapping[str, Any],
        facts: Mapping[str, Any],
    ) -> Handler:
        standing = self.standing
        turn = Turn.FIRST if options.get("tryfirst") else Turn.NORMAL
        turn = Turn.LAST if options.get("trylast") else turn
        priority = options.get("priority")
        return Handler(
            self.plugin,
            hook,
            function,
            parameters,
            priority=_first_of(standing.priority, priority, DEFAULT_PRIORITY),
            turn=turn if standing.priority is None else Turn.NORMAL,
            depth=standing.depth,
            position=len(self._handlers),
            wrapper=bool(options.get("wrapper")),
            threads=threads_for(options),
            closed=standing.closed,
            scope=standing.scope,
            options=dict(facts),
        )

    def _known(self) -> dict[str, tuple[str, ...]]:
        known = {hook: state.parameters for hook, state in self.manager.current.points.items()}
        return known | {point.hook: tuple(point.parameters) for point in self._points}

    def _changed(self) -> None:
        if self.visible:
            self.publish()

    def __repr__(self) -> str:
        seen = "visible" if self.visible else "staged"
        return f"<Registrations of {self.plugin}: {len(self._handlers)} handlers, {seen}>"


def _first_of(*choices: int | None) -> int:
    return next(choice for choice in choices if choice is not None)
