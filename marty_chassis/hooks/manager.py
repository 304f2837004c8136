"""pluggy's manager, with one frozen generation behind every asynchronous call.

To anyone who uses it as pluggy's it is pluggy's: `register`, `unregister` and `hook.x()` keep their
meaning. Whatever is registered, here or by the lifecycle, also becomes part of the generation that
`hooks.ask` uses. Every change of the generation happens in `publish`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import pluggy

from marty_chassis.boundary import Faults, Strays
from marty_chassis.errors import ExtensionPointClash
from marty_hookspecs import PROJECT_NAME, ErrorPolicy, ExtensionPointType, PointSpec
from marty_hookspecs.contract import SUBJECTS

from .adapter import Adapter, adapters
from .ask import Hooks
from .contribution import Contribution
from .failures import Failures
from .generation import Generation, Lease, PointState
from .handler import DEFAULT_PRIORITY, Handler, Turn
from .plan import planned
from .points import ExtensionPoint
from .selector import Selector


class HookManager(pluggy.PluginManager):
    """A `pluggy.PluginManager` whose hooks can be asked asynchronously through `hooks`."""

    def __init__(
        self,
        project_name: str = PROJECT_NAME,
        *,
        faults: Faults | None = None,
        strays: Strays | None = None,
    ) -> None:
        super().__init__(project_name)
        self.faults = faults if faults is not None else Faults()
        self.failures = Failures(self.faults, strays)
        self._specs: dict[str, tuple[PointSpec[Any, Any], tuple[str, ...]]] = {}
        self._adapters: dict[str, list[tuple[str, Adapter]]] = {}
        self._owned_points: dict[str, ExtensionPoint] = {}
        self.selector = Selector(Generation(0, {}, {}))
        self.hooks = Hooks(self.selector, self.failures)
        if project_name == PROJECT_NAME:
            for subject in SUBJECTS:
                super().add_hookspecs(subject)
                self._read_specs(subject)
            self.publish()

    @property
    def current(self) -> Generation:
        """The newest generation."""
        return self.selector.current

    def publish(
        self, *contributions: Contribution, withdraw: Collection[Contribution] = ()
    ) -> Generation:
        """Make the next generation and store it: everything of it becomes visible at once.

        A contribution replaces the one of the same plugin. One that is withdrawn leaves only if it
        is still the plugin's. Raises `ExtensionPointClash`, and then nothing has changed.
        """
        before = self.current
        kept = {name: c for name, c in before.contributions.items() if c not in withdraw}
        merged = kept | {c.plugin: c for c in contributions}
        after = self._next(before, {name: merged[name] for name in sorted(merged)})
        self._mirror(before, after)
        self.selector.advance(after)
        return after

    # pluggy's own doors -----------------------------------------------------------------------

    def register(self, plugin: Any, name: str | None = None) -> str | None:
        """Register a plugin as pluggy does; its hooks can be asked at once."""
        registered = super().register(plugin, name)
        if registered is not None and not isinstance(plugin, Adapter):
            self.publish(self._foreign(registered))
        return registered

    def unregister(self, plugin: Any = None, name: str | None = None) -> Any:
        """Unregister a plugin as pluggy does; calls under way still reach it."""
        known = name or self.get_name(plugin)
        removed = super().unregister(plugin, name)
        contribution = self.current.contributions.get(known or "")
        if contribution is not None and not isinstance(removed, Adapter):
            self.publish(withdraw=[contribution])
        return removed

    def add_hookspecs(self, module_or_class: Any) -> None:
        """Add specifications as pluggy does; those that are not the contract's are asked too."""
        super().add_hookspecs(module_or_class)
        self._read_specs(module_or_class)
        self.publish(
            *(self._foreign(n) for n, p in self.list_name_plugin() if not isinstance(p, Adapter))
        )

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> Any:
        """pluggy's question for an attribute's mark; answers with a copy of the options."""
        if isinstance(plugin, Adapter):
            return plugin.options(name)
        options = super().parse_hookimpl_opts(plugin, name)
        # The dictionary lives on the function and pluggy writes into it.
        return dict(options) if isinstance(options, dict) else options

    # -------------------------------------------------------------------------------------------

    def _next(self, before: Generation, contributions: Mapping[str, Contribution]) -> Generation:
        changed = {
            name
            for name in before.contributions.keys() | contributions.keys()
            if before.contributions.get(name) is not contributions.get(name)
        }
        specs = dict(self._specs)
        owners: dict[str, str] = {}
        for name, contribution in contributions.items():
            for point in contribution.points:
                _refuse_clash(point, specs)
                specs[point.hook] = (point.spec, tuple(point.parameters))
                owners.setdefault(point.hook, name)
        by_hook = _changed_handlers(before, contributions, changed)
        points = {
            hook: self._state(
                before.points.get(hook),
                spec,
                parameters,
                by_hook.get(hook),
                owners.get(hook),
                contributions,
            )
            for hook, (spec, parameters) in specs.items()
        }
        return Generation(
            before.number + 1, MappingProxyType(dict(contributions)), MappingProxyType(points)
        )

    def _state(
        self,
        before: PointState | None,
        spec: PointSpec[Any, Any],
        parameters: tuple[str, ...],
        handlers: tuple[Handler, ...] | None,
        owner: str | None,
        contributions: Mapping[str, Contribution],
    ) -> PointState:
        if before is None or (before.spec, before.parameters) != (spec, parameters):
            # A point that is new here, or has another form: some may have waited for it.
            handlers = _all_handlers(spec.hook, contributions.values())
        elif handlers is None:
            if before.owner == owner:
                return before
            handlers = before.handlers
        lease = Lease()
        call = planned(spec, parameters, handlers, self.failures, lease)
        return PointState(spec, parameters, handlers, call, lease, owner)

    def _mirror(self, before: Generation, after: Generation) -> None:
        """Show pluggy the same plugins and specifications; what pluggy registered is there."""
        points = {p.hook: p for c in after.contributions.values() for p in c.points}
        moved = {h for h, p in self._owned_points.items() if points.get(h) != p}
        for name, old in before.contributions.items():
            if after.contributions.get(name) is not old or _touches(old, moved):
                for adapter_name, adapter in self._adapters.pop(name, ()):
                    super().unregister(adapter, adapter_name)
        for hook in moved:
            # pluggy cannot take a specification back, so the hook leaves with it.
            delattr(self.hook, hook)
            del self._owned_points[hook]
        for hook in points.keys() - self._owned_points.keys():
            holder = {hook: staticmethod(points[hook].specification())}
            super().add_hookspecs(type("ExtensionPoints", (), holder))
            self._owned_points[hook] = points[hook]
        for name, new in after.contributions.items():
            if not self.has_plugin(name):
                self._adapters[name] = list(adapters(name, new.handlers))
                for adapter_name, adapter in self._adapters[name]:
                    super().register(adapter, adapter_name)

    def _read_specs(self, module_or_class: Any) -> None:
        for hook, caller in vars(self.hook).items():
            spec = getattr(caller, "spec", None)
            if spec is None or spec.namespace is not module_or_class:
                continue
            facts = getattr(spec.function, "extension_point", None)
            if facts is None:
                # pluggy's own specifications answer with the list of what is not None, and raise.
                facts = PointSpec(hook, ExtensionPointType.PROVIDER, ErrorPolicy.RAISE)
            self._specs[hook] = (facts, tuple(spec.argnames) + tuple(spec.kwargnames))

    def _foreign(self, name: str) -> Contribution:
        """What a plugin that pluggy registered brings."""
        plugin = self.get_plugin(name)
        impls = [
            (caller.name, impl)
            for caller in self.get_hookcallers(plugin) or ()
            for impl in caller.get_hookimpls()
            if impl.plugin is plugin and not impl.hookwrapper
        ]
        handlers = (
            Handler(
                name,
                hook,
                impl.function,
                tuple(impl.argnames),
                priority=_priority(impl.opts),
                turn=Turn.FIRST if impl.tryfirst else Turn.LAST if impl.trylast else Turn.NORMAL,
                position=position,
                wrapper=impl.wrapper,
                blocking=bool(_option(impl.opts, "blocking")),
            )
            for position, (hook, impl) in enumerate(impls)
        )
        return Contribution(name, tuple(handlers))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.project_name!r}: {self.current!r}>"


def _changed_handlers(
    before: Generation, contributions: Mapping[str, Contribution], changed: Collection[str]
) -> dict[str, tuple[Handler, ...]]:
    """The handlers, in the order of calling, of every hook that a changed plugin touches."""
    old = [before.contributions[name] for name in changed if name in before.contributions]
    new = [contributions[name] for name in changed if name in contributions]
    touched = {handler.hook for c in (*old, *new) for handler in c.handlers}
    return {
        hook: tuple(
            sorted(
                [h for h in before.handlers(hook) if h.plugin not in changed]
                + [h for c in new for h in c.handlers if h.hook == hook],
                key=lambda handler: handler.order,
            )
        )
        for hook in touched
    }


def _touches(contribution: Contribution, hooks: Collection[str]) -> bool:
    return any(handler.hook in hooks for handler in contribution.handlers)


def _all_handlers(hook: str, contributions: Iterable[Contribution]) -> tuple[Handler, ...]:
    found = (h for c in contributions for h in c.handlers if h.hook == hook)
    return tuple(sorted(found, key=lambda handler: handler.order))


def _refuse_clash(
    point: ExtensionPoint, specs: Mapping[str, tuple[PointSpec[Any, Any], tuple[str, ...]]]
) -> None:
    existing = specs.get(point.hook)
    if existing is not None and existing != (point.spec, tuple(point.parameters)):
        raise ExtensionPointClash(point.name, existing[0].name)


def _priority(options: Mapping[str, Any]) -> int:
    priority = _option(options, "priority")
    return DEFAULT_PRIORITY if priority is None else int(priority)


def _option(options: Mapping[str, Any], name: str) -> Any:
    return options.get(name)
