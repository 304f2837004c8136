"""A plugin cannot be moved as asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .root import MartyError, did_you_mean


class LifecycleError(MartyError):
    """A plugin cannot be moved as asked."""


class PluginNotReady(LifecycleError):
    """Raise it in `initialize` or `start`: what the plugin needs is not there yet.

    The plugin is tried again with growing pauses, or after `retry_after` seconds. It is no fault.
    """

    def __init__(self, reason: str = "", retry_after: float | None = None) -> None:
        super().__init__(reason, retry_after)
        self.reason = reason
        self.retry_after = retry_after

    def __str__(self) -> str:
        return self.reason or "not ready"


class UnknownPlugin(LifecycleError):
    """No plugin here has this name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = tuple(known)

    def __str__(self) -> str:
        return (
            f"no plugin here is called {self.name!r}.{did_you_mean(self.name, self.known)}"
            " `marty plugins list` shows those that are."
        )


class PluginBusy(LifecycleError):
    """Another move of the plugin is under way."""

    def __init__(self, name: str, doing: str) -> None:
        super().__init__(name, doing)
        self.name = name
        self.doing = doing

    def __str__(self) -> str:
        return f"plugin {self.name!r} is {self.doing}. Ask again when that is over."


class PluginExists(LifecycleError):
    """A plugin of this name is here already."""

    def __init__(self, name: str, source: str) -> None:
        super().__init__(name, source)
        self.name = name
        self.source = source

    def __str__(self) -> str:
        return (
            f"plugin {self.name!r} is here already, from {self.source}."
            " Unload it first, or give the other one another name."
        )


class PluginDisabled(LifecycleError):
    """A plugin that the operator has disabled is to be started."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"plugin {self.name!r} is disabled. Enable it first."


class PluginRequired(LifecycleError):
    """The service cannot do without the plugin."""

    def __init__(self, name: str, required: Sequence[str]) -> None:
        super().__init__(name, required)
        self.name = name
        self.required = tuple(required)

    def __str__(self) -> str:
        who = ", ".join(repr(name) for name in self.required)
        needs = f"would take {who} with it, and that is"
        if self.required == (self.name,):
            needs = "is"
        return (
            f"plugin {self.name!r} {needs} required: without it every request of the application"
            " is answered with 503. Use force, or set plugins.settings.<name>.required to false."
        )


class PluginUnavailable(LifecycleError):
    """A plugin that another one asks for is not started."""

    def __init__(self, name: str, found: str) -> None:
        super().__init__(name, found)
        self.name = name
        self.found = found

    def __str__(self) -> str:
        return (
            f"plugin {self.name!r} cannot be used, it is {self.found}."
            " Name it in `dependencies`, and ask for it anew each time."
        )


class PluginGone(LifecycleError):
    """Something is used that belongs to a run of a plugin that is over."""

    def __init__(self, plugin: str, what: str) -> None:
        super().__init__(plugin, what)
        self.plugin = plugin
        self.what = what

    def __str__(self) -> str:
        return (
            f"{self.what}: this run of plugin {self.plugin!r} is over, and what it registered has"
            " been undone. Keep nothing of its context after `stop`."
        )


class GroupFailed(LifecycleError):
    """A task group that a plugin holds open has failed."""

    def __init__(self, plugin: str) -> None:
        super().__init__(plugin)
        self.plugin = plugin

    def __str__(self) -> str:
        return (
            f"a task group that plugin {self.plugin!r} holds open has failed."
            " Close it in `stop`, where it raises what has happened; or use context.tasks."
        )


class NotRunning(LifecycleError):
    """Plugins are moved while the service does not run."""

    def __init__(self, asked: str) -> None:
        super().__init__(asked)
        self.asked = asked

    def __str__(self) -> str:
        return (
            f"{self.asked}: plugins are not running here. Start them first, with the application's"
            " lifespan, `async with chassis:` or `await manager.start()`."
        )


class StartAborted(LifecycleError):
    """The service did not start; `reasons` has one line for each plugin that stood in the way."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__(reasons)
        self.reasons = dict(reasons)

    def __str__(self) -> str:
        lines = "".join(f"\n  {name}: {reason}" for name, reason in self.reasons.items())
        return f"the service does not start without these plugins:{lines}"


class WrongMove(LifecycleError):
    """A state that cannot follow another: a mistake of the chassis, never of a plugin."""

    def __init__(self, plugin: str, before: str, after: str) -> None:
        super().__init__(plugin, before, after)
        self.plugin = plugin
        self.before = before
        self.after = after

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} cannot go from {self.before} to {self.after}."
            " This is a mistake in marty-chassis: please report it."
        )


class DependencyError(LifecycleError):
    """What a plugin needs cannot be had."""


class InvalidRequirement(DependencyError):
    """A dependency that cannot be read."""

    def __init__(self, plugin: str, written: str) -> None:
        super().__init__(plugin, written)
        self.plugin = plugin
        self.written = written

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} depends on {self.written!r}, which cannot be read."
            ' Write a name, with versions if they matter: "metrics" or "metrics>=1.2,<2".'
        )


class DependencyCycle(DependencyError):
    """Plugins wait for each other."""

    def __init__(self, path: Sequence[str]) -> None:
        super().__init__(path)
        self.path = tuple(path)

    def __str__(self) -> str:
        drawn = "\n".join(
            f"  {'└─> ' if number else '    '}{name}" for number, name in enumerate(self.path)
        )
        return f"plugins wait for each other:\n{drawn}\nRemove one of these dependencies."
