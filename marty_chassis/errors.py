"""Everything that marty-chassis raises.

    MartyError
    ├── ConfigurationError          what the operator wrote cannot be used
    │   ├── InvalidConfiguration    one or more problems, each with its place
    │   ├── InvalidPluginName       a name that no plugin can have
    │   └── ConfigurationExists     a new configuration would overwrite a file
    ├── DiscoveryError              a plugin could not be found or read
    ├── ContractError               what a plugin offers does not fit the extension points
    │   ├── UnknownHook             a hook that nobody asks
    │   ├── WrongArguments          a hook with arguments that its specification does not have
    │   └── ExtensionPointClash     two specifications want one name
    ├── HookFailed                  a plugin's answer to a hook was an error, and the point raises
    ├── PluginFault                 a plugin's code raised; the record of it is in `fault`
    ├── DeadlineExceeded            a plugin's code had no answer in time
    ├── TaskCancelled               a task was cancelled before it had a result
    └── LifecycleError              a plugin cannot be moved as asked

Each error keeps its facts in attributes and makes its text when asked, in this order: what failed,
where, what was found, what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from marty_chassis.boundary.faults import Fault

__all__ = [
    "ConfigurationError",
    "ConfigurationExists",
    "ContractError",
    "DeadlineExceeded",
    "DiscoveryError",
    "ExtensionPointClash",
    "HookFailed",
    "InvalidConfiguration",
    "InvalidPluginName",
    "LifecycleError",
    "MartyError",
    "PluginFault",
    "Problem",
    "TaskCancelled",
    "UnknownHook",
    "WrongArguments",
    "did_you_mean",
]


class MartyError(Exception):
    """The root: `except MartyError` catches all that this package raises on purpose."""


class ConfigurationError(MartyError):
    """What the operator wrote cannot be used."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration; never holds a value, which may be a secret."""

    path: str
    """the key, dotted; empty for a whole file"""
    message: str
    place: str = ""
    """`config.yaml:11:5`, `env:MARTY_SERVICE__PORT`, `argument` ..."""
    hint: str = ""
    """what to do"""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"{self.place} {self.path}".strip()
        return f"{where}: {self.message}.{' ' if self.hint else ''}{self.hint}".lstrip(": ")


class InvalidConfiguration(ConfigurationError):
    """The configuration cannot be used; `problems` holds all that was found, not the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        count = len(self.problems)
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        return f"the configuration cannot be used, {count} problem{'s'[: count > 1]}:{lines}"


class InvalidPluginName(ConfigurationError):
    """A name that cannot stand in an address or in the name of an environment variable."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return (
            f"{self.name!r} cannot be a plugin's name. Use letters, digits and single"
            " hyphens, underscores or dots between them; two underscores separate keys in the"
            " names of environment variables."
        )


class ConfigurationExists(ConfigurationError):
    """A new configuration would overwrite a file."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path} exists already and is left as it is. Name another file, or remove it."


class DiscoveryError(MartyError):
    """A plugin could not be found or read."""


class ContractError(MartyError):
    """What a plugin offers does not fit the extension points."""


class UnknownHook(ContractError):
    """A plugin implements, or a caller asks, a hook that does not exist."""

    def __init__(self, hook: str, known: Sequence[str], *, plugin: str | None = None) -> None:
        super().__init__(hook, known, plugin)
        self.hook = hook
        self.known = tuple(known)
        self.plugin = plugin

    def __str__(self) -> str:
        who = f"plugin {self.plugin!r} implements" if self.plugin else "someone asks"
        return (
            f"{who} the hook {self.hook!r}, which does not exist."
            f"{did_you_mean(self.hook, self.known)}"
            " `marty hooks list` shows every hook; mark it optionalhook=True if another plugin"
            " may bring it."
        )


class WrongArguments(ContractError):
    """A hookimpl asks for arguments that its specification does not have."""

    def __init__(
        self, hook: str, wrong: Sequence[str], allowed: Sequence[str], *, plugin: str, place: str
    ) -> None:
        super().__init__(hook, wrong, allowed, plugin, place)
        self.hook = hook
        self.wrong = tuple(wrong)
        self.allowed = tuple(allowed)
        self.plugin = plugin
        self.place = place

    def __str__(self) -> str:
        allowed = ", ".join(self.allowed) or "no arguments"
        return (
            f"plugin {self.plugin!r} implements {self.hook!r} at {self.place} with"
            f" {', '.join(self.wrong)}; the hook has {allowed}."
            f"{did_you_mean(self.wrong[0], self.allowed)}"
            " Take any of these by name, as plain parameters, or none."
        )


class ExtensionPointClash(ContractError):
    """Two extension points want one name, or differ only in dots and underscores."""

    def __init__(self, name: str, existing: str) -> None:
        super().__init__(name, existing)
        self.name = name
        self.existing = existing

    def __str__(self) -> str:
        return (
            f"extension point {self.name!r} clashes with {self.existing!r}:"
            f" both are the hook {self.name.replace('.', '_')!r}, with another signature or type."
            " Choose another name."
        )


class HookFailed(MartyError):
    """A plugin's answer to a hook was an error, and the extension point raises.

    The plugin's own exception is not chained: it may hold secrets and keeps old code alive. Its
    kind and words are in `kind` and `message`, its traceback in the log and in the fault book.
    """

    def __init__(self, plugin: str, hook: str, kind: str, message: str) -> None:
        super().__init__(plugin, hook, kind, message)
        self.plugin = plugin
        self.hook = hook
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} failed in {self.hook!r}: {self.kind}: {self.message}."
            f" Its log lines (plugin={self.plugin}) hold the traceback."
        )


class PluginFault(MartyError):
    """A plugin's code raised, and the fault has been reported.

    The plugin's own exception is not chained: it would keep the plugin's frames alive. What it was
    is in `fault`, in words.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault

    def __str__(self) -> str:
        return (
            f"plugin {self.fault.plugin!r}: {self.fault}."
            f" Its log lines (plugin={self.fault.plugin}) hold the traceback."
        )


class DeadlineExceeded(MartyError):
    """Someone else's code had no answer in time; `left` tells whether it stopped when cancelled."""

    def __init__(self, name: str, seconds: float, *, left: bool) -> None:
        super().__init__(name, seconds, left)
        self.name = name
        self.seconds = seconds
        self.left = left

    def __str__(self) -> str:
        then = (
            "It was cancelled and has left."
            if self.left
            else "It was cancelled, did not leave, and was left behind: look for an `except` around"
            " an `await` that does not raise again, or for a thread that is waited for."
        )
        return f"{self.name} had no answer within {self.seconds:g} s. {then}"


class TaskCancelled(MartyError):
    """A task was cancelled before it had a result."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"the task {self.name!r} was cancelled and has no result."


class LifecycleError(MartyError):
    """A plugin cannot be moved as asked."""


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Give " Did you mean 'x'?" for the nearest known word, or nothing."""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""
