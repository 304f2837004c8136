"""Requests that wait at the door: an exclusive plugin is between two of its generations."""

from __future__ import annotations

from marty_chassis.boundary import Signal


class Hold:
    """Keeps new requests waiting, each for so many seconds at most."""

    def __init__(self, plugin: str, seconds: float, *, refuses: bool) -> None:
        self.plugin = plugin
        self.seconds = seconds
        self.refuses = refuses
        """Whether a request that has waited in vain is refused; else it goes on without."""
        self._lifted: Signal[None] = Signal()

    async def passed(self) -> bool:
        """Wait; whether the request may go on."""
        return await self._lifted.within(self.seconds) or not self.refuses

    def lift(self) -> None:
        """Let everybody go on."""
        self._lifted.set(None)

    def __repr__(self) -> str:
        return f"<Hold for {self.plugin}: {self._lifted!r}>"
