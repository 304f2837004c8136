"""What the kit says when a test fails; each is an `AssertionError`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marty_chassis.lifecycle import PluginStatus


class NotStarted(AssertionError):
    """A plugin that was to be tested does not run."""

    def __init__(self, plugins: Sequence[PluginStatus]) -> None:
        super().__init__(plugins)
        self.plugins = tuple(plugins)

    def __str__(self) -> str:
        if not self.plugins:
            return "there is no plugin: give one, or a folder that holds one."
        lines = [f"plugin {one.name!r} is {one.state.value}{_why(one)}" for one in self.plugins]
        return (
            "\n".join(lines)
            + "\nWhere this is what you test, say PluginHost(..., starts=False) and look at"
            " host.status()."
        )


class LeftBehind(AssertionError):
    """A plugin has stopped, and not everything of it has gone."""

    def __init__(self, left: Sequence[str]) -> None:
        super().__init__(left)
        self.left = tuple(left)
        """One line for each thing: what, where, and what to do."""

    def __str__(self) -> str:
        return "something is left behind:" + "".join(f"\n- {line}" for line in self.left)


class NotReloadable(AssertionError):
    """A plugin could not be replaced as if nothing had been."""

    def __init__(self, plugin: str, problems: Sequence[str]) -> None:
        super().__init__(plugin, problems)
        self.plugin = plugin
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = "".join(f"\n- {line}" for line in self.problems)
        return f"plugin {self.plugin!r} is not reloaded unnoticed:{lines}"


class NotSeen(AssertionError):
    """No such event came in time."""

    def __init__(self, pattern: str, count: int, seconds: float, seen: Mapping[str, int]) -> None:
        super().__init__(pattern, count, seconds, seen)
        self.pattern = pattern
        self.count = count
        self.seconds = seconds
        self.seen = dict(seen)
        """How often, by type."""

    def __str__(self) -> str:
        what = f"no event {self.pattern!r}"
        if self.count > 1:
            what = f"fewer than {self.count} events {self.pattern!r}"
        seen = ", ".join(
            kind if often == 1 else f"{kind} ({often} times)" for kind, often in self.seen.items()
        )
        return f"{what} within {self.seconds:g} s. Seen: {seen or 'nothing'}."


class WebSocketRefused(AssertionError):
    """A websocket was not let in."""

    def __init__(self, path: str, code: int | None, status: int | None) -> None:
        super().__init__(path, code, status)
        self.path = path
        self.code = code
        """Of the close message."""
        self.status = status
        """Of the response that was sent instead. Neither is there when nobody has answered."""

    def __str__(self) -> str:
        how = f"answered with {self.status}"
        if self.status is None:
            how = "passed over" if self.code is None else f"closed with {self.code}"
        return f"the websocket {self.path} was refused: {how}."


def _why(status: PluginStatus) -> str:
    phase = f" in {status.phase}" if status.phase else ""
    return f"{phase}: {status.reason}" if status.reason else f"{phase}."
