"""What was given as a plugin is none, or does not fit the extension points."""

from __future__ import annotations

from collections.abc import Sequence

from .root import MartyError, did_you_mean


class DiscoveryError(MartyError):
    """A plugin could not be found or read."""


class NotAPlugin(DiscoveryError):
    """An object that was given as a plugin is none."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind

    def __str__(self) -> str:
        return (
            f"an object of type {self.kind!r} was given as a plugin. Give a class, an instance, a"
            " function that makes one, a module with hookimpls, or the path of a file that holds one."
        )


class ContractError(MartyError):
    """What a plugin offers does not fit the extension points."""


class UnknownHook(ContractError):
    """A plugin implements, or a caller asks, a hook that does not exist."""

    def __init__(
        self, hook: str, known: Sequence[str], *, plugin: str | None = None, place: str = ""
    ) -> None:
        super().__init__(hook, known, plugin, place)
        self.hook = hook
        self.known = tuple(known)
        self.plugin = plugin
        self.place = place
        """Where it is written: `plugins/audit.py:12`."""

    def __str__(self) -> str:
        asks = "someone asks" if self.plugin is None else f"plugin {self.plugin!r} implements"
        at = f" at {self.place}" if self.place else ""
        bring = (
            ""
            if self.plugin is None
            else " Mark it optionalhook=True if another plugin may bring it."
        )
        return (
            f"{asks} the hook {self.hook!r}{at}, which does not exist."
            f"{did_you_mean(self.hook, self.known)} `marty hooks list` shows every hook.{bring}"
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


class WrongAnswer(ContractError):
    """A hook that is asked once, when its plugin is staged, answered with what cannot be used."""

    def __init__(self, plugin: str, hook: str, found: str, wanted: str) -> None:
        super().__init__(plugin, hook, found, wanted)
        self.plugin = plugin
        self.hook = hook
        self.found = found
        self.wanted = wanted

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} answered {self.hook!r} with {self.found}. Return {self.wanted}"
        )
