"""The service registry cannot do what was asked."""

from __future__ import annotations

from collections.abc import Sequence

from .root import MartyError, did_you_mean


class ServiceError(MartyError):
    """The service registry cannot do what was asked."""


class InvalidService(ServiceError):
    """A service, or a query for one, that makes no sense; `problems` holds all that was found."""

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        super().__init__(where, problems)
        self.where = where
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return f"{self.where} cannot be used: {'; '.join(self.problems)}."


class ForeignService(ServiceError):
    """Only who registered a service may replace it or take it back."""

    def __init__(self, id: str, owner: str, plugin: str) -> None:
        super().__init__(id, owner, plugin)
        self.id = id
        self.owner = owner
        self.plugin = plugin

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} may not change the service {self.id!r}: it was registered by"
            f" {self.owner!r}. Register yours with another id, or let {self.owner!r} do it."
        )


class UnknownService(ServiceError):
    """Nobody has registered this id, or it has expired."""

    def __init__(self, id: str, known: Sequence[str], plugin: str) -> None:
        super().__init__(id, known, plugin)
        self.id = id
        self.known = tuple(known)
        self.plugin = plugin

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} has no service {self.id!r}: it was never registered, or no"
            f" heartbeat came in time.{did_you_mean(self.id, self.known)} Register it again."
        )
