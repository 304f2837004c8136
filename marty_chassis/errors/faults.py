"""What someone else's code did when it was called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .root import MartyError

if TYPE_CHECKING:
    from marty_chassis.boundary.faults import Fault


class ApplicationEnded(MartyError):
    """The application ended without a response, or in the middle of one.

    Its client may have gone. Raised at a plugin's `await call_next(request)`, or at
    `await response.body()`; nobody has to catch it, the server gets what the application gave.
    """

    def __init__(self, *, started: bool) -> None:
        super().__init__(started)
        self.started = started

    def __str__(self) -> str:
        what = "the end of its response" if self.started else "a response"
        return f"the application ended without {what}. Look whether its client had gone."


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
