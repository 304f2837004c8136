"""Every rule of `marty plugins check`: this table is what `--rules` prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from .finding import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is looked for."""

    name: str
    severity: Severity
    """What a finding is, unless it says otherwise itself."""
    depth: Literal["source", "run"]
    """Whether the source shows it, or importing and making the plugin does."""
    summary: str
    """What is wrong, and what comes of it."""


_SOURCE: Final[Mapping[str, tuple[Severity, str]]] = {
    # The file
    "unreadable": ("error", "The file cannot be read, or is no text in UTF-8."),
    "syntax": ("error", "Python cannot read it."),
    # Hooks
    "unknown-hook": ("error", "No extension point has this name: the plugin does not start."),
    "unmarked-hook": ("warning", "It is named like a hook and not marked: nobody calls it."),
    "lost-mark": ("error", "`@hookimpl` stands above `@staticmethod` or the like and is lost."),
    "wrong-arguments": ("error", "It cannot be called with the arguments that it would get."),
    "bad-wrapper": ("error", "A wrapper that is none, or stands where wrappers mean nothing."),
    "generator": ("error", "It yields where an answer is expected."),
    # The IPlugin family
    "not-decorated": ("error", "`@plugin(...)` is missing, or stands where it makes no plugin."),
    "foreign-method": ("error", "A method of an interface that the class does not derive from."),
    "misspelt-method": (
        "error",
        "Its name is nearly that of a method of the interface: nobody calls it.",
    ),
    "missing-handler": ("error", "A subscription names no handler, or a method that is not there."),
    # Asynchronous code
    "missing-await": ("error", "A coroutine is made and not awaited: nothing happens."),
    "async-getter": ("warning", "A plain method of the interface is written asynchronously."),
    "async-blocking": ("warning", "`blocking=True` means nothing on an asynchronous function."),
    "blocking-call": ("error", "It waits in the event loop: every request waits with it."),
    "blocking-file": ("warning", "It reads or writes a file in the event loop."),
    "swallows-cancellation": ("error", "What ends a request is caught and not raised again."),
    # Middleware
    "no-websocket": ("warning", "Requests pass through the plugin, and websockets pass by it."),
    # What a plugin says about itself
    "missing-metadata": ("warning", "It does not say its version, or what it does."),
    "bad-name": ("error", "No plugin can have this name."),
    "bad-version": ("warning", "No version as PEP 440 has them: nobody can depend on one."),
    "bad-metadata": ("error", "It says something about itself that cannot be used."),
    "contract": ("error", "Its range of the contract is none, or leaves this one out."),
    "bad-dependency": ("error", "A dependency that is no name with versions, or is itself."),
    "name-clash": ("error", "Two plugins have one name: neither starts."),
    "plain-secret": ("warning", "A secret is a plain text in the model, and is shown as one."),
    # Around the context: nothing undoes it when the plugin stops
    "own-thread": ("warning", "A thread outlives the plugin."),
    "own-task": ("warning", "A task outlives the plugin, and nobody hears of its error."),
    "at-exit": ("warning", "`atexit` keeps every generation of the plugin until the end."),
    "signal-handler": ("warning", "A signal handler is the whole process's."),
    "global-logging": ("warning", "Logging is set up for the whole process."),
    "global-environment": ("warning", "The environment is the whole process's."),
    "global-modules": ("warning", "Where modules come from is the whole process's."),
    "global-metrics": ("warning", "A collector of the process's registry cannot be made twice."),
    "global-state": ("warning", "A setting of the whole process is changed."),
    "monkeypatch": ("warning", "Somebody else's module is changed for everybody."),
    "ends-service": ("error", "It ends the service, with every other plugin in it."),
    # Remarks to this check
    "unused-ignore": ("warning", "`# marty: ignore[...]` suppresses nothing."),
}

_RUN: Final[Mapping[str, tuple[Severity, str]]] = {
    "no-plugin": ("error", "There is no plugin where one was to be."),
    "import": ("error", "It cannot be imported."),
    "hangs": ("error", "Importing or making it does not come to an end."),
    "ends-process": ("error", "Importing or making it ends the process."),
    "construct": ("error", "It cannot be made."),
    "registration": ("error", "What it offers cannot be registered."),
    "bad-model": ("error", "Its `config_schema` is no model, or fails by its own code."),
    "configuration": ("error", "Its section of the configuration does not fit its model."),
    "dependency": ("error", "A plugin that it needs is not there, or waits for it."),
    "unusable": ("error", "Discovery refuses it."),
}

RULES: Final[Mapping[str, Rule]] = {
    **{name: Rule(name, how, "source", words) for name, (how, words) in _SOURCE.items()},
    **{name: Rule(name, how, "run", words) for name, (how, words) in _RUN.items()},
}
"""By name, in the order in which they are explained."""
