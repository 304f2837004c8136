"""An event or a subscription cannot be used."""

from __future__ import annotations

from collections.abc import Sequence

from .root import MartyError, shown


class EventError(MartyError):
    """An event or a subscription cannot be used."""


class InvalidEvent(EventError):
    """A type, a pattern or an attribute that no event can have."""

    def __init__(self, what: str, found: object, wanted: str) -> None:
        super().__init__(what, found, wanted)
        self.what = what
        self.found = found
        self.wanted = wanted

    def __str__(self) -> str:
        return f"{self.what} {shown(self.found)} cannot be used. {self.wanted}"


class WrongHandler(EventError):
    """A handler that can be called neither with the data nor with the event."""

    def __init__(self, plugin: str, pattern: str, handler: str, found: str) -> None:
        super().__init__(plugin, pattern, handler, found)
        self.plugin = plugin
        self.pattern = pattern
        self.handler = handler
        self.found = found

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} subscribes {self.handler} to {self.pattern!r}, and it"
            f" {self.found}. Take `event_data`, or `event_type` and `event_data`, or `event`."
        )


class ForeignSource(EventError):
    """A plugin publishes in another's name."""

    def __init__(self, plugin: str, source: str, type: str) -> None:
        super().__init__(plugin, source, type)
        self.plugin = plugin
        self.source = source
        self.type = type

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} publishes {self.type!r} with the source {shown(self.source)};"
            " an event's source is who published it. Leave `source` out, or pass your own name."
        )


class MailboxFull(EventError):
    """Subscribers had no room for an event in time; all other subscribers have it.

    `subscribers` are pairs of plugin and pattern. `seconds` is 0 for a publish from inside a
    handler, which never waits.
    """

    def __init__(
        self, type: str, subscribers: Sequence[tuple[str, str]], *, size: int, seconds: float
    ) -> None:
        super().__init__(type, subscribers, size, seconds)
        self.type = type
        self.subscribers = tuple(subscribers)
        self.size = size
        self.seconds = seconds

    def __str__(self) -> str:
        within = (
            f"had no room for {self.type!r} within {self.seconds:g} s"
            if self.seconds
            else f"has no room for {self.type!r}, and a publish from inside a handler never waits"
        )
        return (
            f"the mailbox of {_subscribers(self.subscribers)} {within}: {self.size} events wait"
            " there. Its handler is too slow or hangs; make it faster, or subscribe it with"
            " when_full='drop', or raise events.mailbox."
        )


class NotHandled(EventError):
    """Subscribers had not handled an event in time; it stays with them and will be handled."""

    def __init__(self, type: str, subscribers: Sequence[tuple[str, str]], seconds: float) -> None:
        super().__init__(type, subscribers, seconds)
        self.type = type
        self.subscribers = tuple(subscribers)
        self.seconds = seconds

    def __str__(self) -> str:
        return (
            f"{_subscribers(self.subscribers)} had not handled {self.type!r} within"
            f" {self.seconds:g} s. It is still in the mailbox; raise `seconds`, or publish without"
            " wait=True."
        )


class NestedWait(EventError):
    """A handler would wait for other handlers, and perhaps for itself."""

    def __init__(self, type: str, handling: str) -> None:
        super().__init__(type, handling)
        self.type = type
        self.handling = handling

    def __str__(self) -> str:
        return (
            f"{self.type!r} is published with wait=True inside a handler of {self.handling!r};"
            " handlers that wait for handlers can wait for themselves. Publish without wait=True."
        )


def _subscribers(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{plugin!r} ({pattern})" for plugin, pattern in pairs)
