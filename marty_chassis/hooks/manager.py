"""pluggy's manager, with one frozen generation behind every asynchronous call.

To anyone who uses it as pluggy's it is pluggy's: `register`, `unregister` and `hook.x()` keep their
meaning. Whatever is registered, here or by the lifecycle, also becomes part of the generation that
`hooks.ask` uses. Every change of the generation happens in `publish`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import pluggy

from marty_chassis.boundary import Faults, Strays
from marty_hookspecs import PROJECT_NAME, ErrorPolicy, ExtensionPointType, PointSpec
from marty_hookspecs.contract import SUBJECTS

from .adapter import Adapter
from .ask import Hooks
from .contribution import Contribution
from .failures import Failures
from .generation import Generation
from .handler import DEFAULT_PRIORITY, Handler, Turn, threads_for
from .mirror import Mirror
from .selector import Selector
from .succession import Specified, successor


class HookManager(pluggy.PluginManager):
    """A `pluggy.PluginManager` whose hooks can be asked asynchronously through `hooks`."""

    def __init__(
        self,
        project_name: str = PROJECT_NAME,
        *,
        faults: Faults | None = None,
        strays: Strays | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(project_name)
        self.faults = faults if faults is not None else Faults()
        self.failures = Failures(self.faults, strays, clock)
        self.selector = Selector(Generation(0, {}, {}))
        self.hooks = Hooks(self.selector, self.failures)
        self._contract: dict[str, Specified] = {}
        self._mirror = Mirror(self)
        if project_name == PROJECT_NAME:
            for subject in SUBJECTS:
                self.add_pluggy_hookspecs(subject)
                self._contract |= self._specified(subject)
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
        merged = {n: c for n, c in before.contributions.items() if c not in withdraw}
        merged.update((c.plugin, c) for c in contributions)
        by_name = {name: merged[name] for name in sorted(merged)}
        after = successor(before, by_name, self._contract, self.failures)
        self._mirror.follow(before, after)
        self.selector.advance(after)
        return after

    def register(self, plugin: Any, name: str | None = None) -> str | None:
        """Register a plugin as pluggy does; its hooks can be asked at once."""
        registered = super().register(plugin, name)
        if registered is not None and not isinstance(plugin, Adapter):
            self.publish(self._registered(registered))
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
        self.add_pluggy_hookspecs(module_or_class)
        self._contract |= self._specified(module_or_class)
        plugins = self.list_name_plugin()
        self.publish(*(self._registered(n) for n, p in plugins if not isinstance(p, Adapter)))

    def add_pluggy_hookspecs(self, module_or_class: Any) -> None:
        """Tell pluggy alone about specifications: the generations bring theirs themselves."""
        super().add_hookspecs(module_or_class)

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> Any:
        """Answer pluggy's question for an attribute's mark, with a copy of the options."""
        if isinstance(plugin, Adapter):
            return plugin.options(name)
        options = super().parse_hookimpl_opts(plugin, name)
        # The dictionary lives on the function and pluggy writes into it.
        return dict(options) if isinstance(options, dict) else options

    def _specified(self, module_or_class: Any) -> Mapping[str, Specified]:
        """What pluggy has read from a module or class of specifications."""
        found: dict[str, Specified] = {}
        for hook, caller in vars(self.hook).items():
            spec = getattr(caller, "spec", None)
            if spec is not None and spec.namespace is module_or_class:
                # pluggy's own kind answers with the list of what is not None, and raises.
                plain: PointSpec[Any, Any] = PointSpec(
                    hook, ExtensionPointType.PROVIDER, ErrorPolicy.RAISE
                )
                facts = getattr(spec.function, "extension_point", plain)
                found[hook] = Specified(facts, (*spec.argnames, *spec.kwargnames))
        return found

    def _registered(self, name: str) -> Contribution:
        """What a plugin that was registered as pluggy does brings."""
        plugin = self.get_plugin(name)
        impls = (
            (caller.name, impl)
            for caller in self.get_hookcallers(plugin) or ()
            for impl in caller.get_hookimpls()
            # An old-style wrapper expects pluggy's own result object.
            if impl.plugin is plugin and not impl.hookwrapper
        )
        return Contribution(name, tuple(_handlers(name, impls)))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.project_name!r}: {self.current!r}>"


def _handlers(plugin: str, impls: Iterable[tuple[str, pluggy.HookImpl]]) -> Iterable[Handler]:
    for position, (hook, impl) in enumerate(impls):
        options: Mapping[str, Any] = impl.opts  # With the keys that our marker adds.
        priority = options.get("priority")
        yield Handler(
            plugin,
            hook,
            impl.function,
            tuple(impl.argnames),
            priority=DEFAULT_PRIORITY if priority is None else int(priority),
            turn=Turn.FIRST if impl.tryfirst else Turn.LAST if impl.trylast else Turn.NORMAL,
            position=position,
            wrapper=impl.wrapper,
            threads=threads_for(options),
        )
