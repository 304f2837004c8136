"""Whether the registry answers: said once in the log, and to all who wait for its return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .backend import Away, Trouble

if TYPE_CHECKING:
    from loguru import Logger


@dataclass(frozen=True, slots=True)
class Trial:
    """Something that goes wrong now and is tried again."""

    trouble: str
    away: bool
    again: Callable[[], None] = field(repr=False)


class Link:
    """What is tried at one registry, and whether it works."""

    def __init__(self, place: str, logger: Logger) -> None:
        self.place = place
        self.failures = 0
        """Calls without a good answer, so far."""
        self._logger = logger
        self._trials: dict[str, Trial] = {}

    @property
    def is_away(self) -> bool:
        """Whether anything was tried last without an answer."""
        return any(trial.away for trial in self._trials.values())

    @property
    def troubles(self) -> Mapping[str, str]:
        """What goes wrong now, by what was tried."""
        return {what: trial.trouble for what, trial in self._trials.items()}

    def failed(self, what: str, error: Trouble, again: Callable[[], None]) -> None:
        """Note that something did not work; `again` is called when the registry is back."""
        self.failures += 1
        known, was_away = self._trials.get(what), self.is_away
        trial = Trial(str(error), isinstance(error, Away), again)
        self._trials[what] = trial
        if trial.away and not was_away:
            self._logger.warning(f"{self.place} is away, and is tried again: {error}")
        elif not trial.away and (known is None or known.trouble != trial.trouble):
            self._logger.warning(f"{self.place} refuses {what}: {error}")

    def worked(self, what: str) -> None:
        """Note that something works; who waits for the registry tries again at once."""
        trial = self._trials.pop(what, None)
        if trial is None or not trial.away:
            return
        if not self.is_away:
            self._logger.info(f"{self.place} is back")
        for waiting in tuple(self._trials.values()):
            if waiting.away:
                waiting.again()

    def forget(self, what: str) -> None:
        """Note that something is not tried any more."""
        self._trials.pop(what, None)

    def __repr__(self) -> str:
        return f"<Link to {self.place}: {'away' if self.is_away else 'here'}>"
