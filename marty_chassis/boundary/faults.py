"""The book of what plugins did wrong, in words: no exception is kept, as it would keep old code."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from loguru import logger

from marty_chassis.boundary.words import (
    MESSAGE_LIMIT,
    TRACEBACK_LIMIT,
    holds_interrupt,
    message_of,
    places_of,
    shortened,
    traceback_of,
)
from marty_chassis.errors import (
    ConfigurationError,
    MissingExtra,
    UnknownHook,
    WrongAnswer,
    WrongArguments,
)


class Faults:
    """Every fault is written down, counted, told to listeners, and logged at a bearable rate.

    The first of its key (plugin, phase, hook, kind) is logged with its traceback, unless it is a
    wrong configuration, a missing extra or a misunderstood contract, whose words say it all; then
    one line every `interval` seconds at most, which says how many came in between; those in
    between have a traceback of places alone. `redact` is applied to the plugin's words before
    anybody sees them. `on_interrupt` is called for a `KeyboardInterrupt` that arrived inside a
    plugin. For use in the event loop's thread.
    """

    def __init__(
        self,
        *,
        redact: Callable[[str], str] | None = None,
        on_interrupt: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.time,
        interval: float = 10.0,
        keep: int = 20,
        kinds: int = 1000,
    ) -> None:
        self._redact = redact
        self._on_interrupt = on_interrupt
        self._clock = clock
        self._interval = interval
        self._keep = keep
        self._kinds = kinds
        self._recent: dict[str, deque[Fault]] = {}
        self._counts: dict[FaultKey, int] = {}
        self._logged: dict[FaultKey, _Logged] = {}
        self._listeners: list[Callable[[Fault], None]] = []

    def report(
        self, error: BaseException, *, plugin: str, phase: Phase, hook: str | None = None
    ) -> Fault:
        """Write down what this plugin raised, and give the record; the error itself is not kept."""
        at = self._clock()
        key = self._key(plugin, phase, hook, type(error).__name__)
        quiet = self._is_quiet(key, at)
        fault = Fault(
            plugin=plugin,
            phase=phase,
            hook=hook,
            kind=type(error).__name__,
            message=self._bearable(message_of(error), MESSAGE_LIMIT),
            # Python's own words take as long as a few requests.
            traceback=self._bearable(
                (places_of if quiet else traceback_of)(error), TRACEBACK_LIMIT
            ),
            at=at,
            advised=_is_advice(error),
        )
        self._counts[key] = self._counts.get(key, 0) + 1
        self._recent.setdefault(plugin, deque(maxlen=self._keep)).append(fault)
        if quiet:
            self._logged[key].suppressed += 1
        else:
            self._log(fault, key)
        for listener in tuple(self._listeners):
            try:
                listener(fault)
            except Exception:
                logger.exception("a listener to faults failed")
        if self._on_interrupt is not None and holds_interrupt(error):
            self._on_interrupt()
        return fault

    @property
    def counts(self) -> Mapping[FaultKey, int]:
        """How many of each key, since the beginning or `forget`; kinds beyond 1000 are "other"."""
        return MappingProxyType(self._counts)

    def count(self, plugin: str) -> int:
        """How many faults this plugin has had."""
        return sum(number for key, number in self._counts.items() if key.plugin == plugin)

    def recent(self, plugin: str) -> tuple[Fault, ...]:
        """The plugin's last faults (20, if not told otherwise), oldest first."""
        return tuple(self._recent.get(plugin, ()))

    def forget(self, plugin: str) -> None:
        """Drop the records and counts of a plugin that is gone."""
        self._recent.pop(plugin, None)
        for table in (self._counts, self._logged):
            for key in [key for key in table if key.plugin == plugin]:
                del table[key]

    def subscribe(self, listener: Callable[[Fault], None]) -> Callable[[], None]:
        """Call this with each fault, at once, from now on; gives the function that ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return unsubscribe

    def shown(self, text: str) -> str:
        """Give a plugin's own words as they may be shown: redacted, and not too long."""
        return self._bearable(text, MESSAGE_LIMIT)

    def __repr__(self) -> str:
        return f"<Faults {sum(self._counts.values())} of {len(self._recent)} plugins>"

    def _key(self, plugin: str, phase: Phase, hook: str | None, kind: str) -> FaultKey:
        key = FaultKey(plugin, phase, hook, kind)
        if key not in self._counts and len(self._counts) >= self._kinds:
            # A plugin can make up classes of errors without end; what the host names it cannot.
            return key._replace(kind="other")
        return key

    def _is_quiet(self, key: FaultKey, at: float) -> bool:
        logged = self._logged.get(key)
        # Compared from both sides, as a wall clock may be set back.
        return logged is not None and 0 <= at - logged.at < self._interval

    def _log(self, fault: Fault, key: FaultKey) -> None:
        before = self._logged.get(key)
        self._logged[key] = _Logged(fault.at)
        if before is None and not fault.advised:
            text = f"{fault}\n{fault.traceback}"
        elif before is not None and before.suppressed:
            text = f"{fault} ({before.suppressed} more before)"
        else:
            text = str(fault)
        # Without arguments loguru leaves braces alone; without an exception it shows no values.
        logger.bind(plugin=fault.plugin).error(text)

    def _bearable(self, text: str, limit: int) -> str:
        """Redact, and only then shorten, as half a secret is not recognised."""
        if self._redact is not None:
            try:
                text = self._redact(text)
            except Exception as error:
                # Better nothing than a secret.
                return f"<not shown: redacting it raised {type(error).__name__}>"
        return shortened(text, limit)


class Phase(Enum):
    """What the host was doing with the plugin."""

    IMPORT = "import"
    """Executing its module."""
    CONSTRUCT = "construct"
    """Calling its class or factory."""
    CONFIGURE = "configure"
    """Checking its section of the configuration."""
    INITIALIZE = "initialize"
    """Running its `initialize`."""
    SAVE = "export_state"
    """Running its `export_state`, for the generation that follows it."""
    RESTORE = "import_state"
    """Running its `import_state`, before `start`."""
    START = "start"
    """Running its `start`."""
    RUN = "run"
    """Its own background tasks."""
    HOOK = "hook"
    """Asking it a hook."""
    STOP = "stop"
    """Running its `stop`."""
    UNDO = "undo"
    """Undoing what it had registered."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that one plugin did wrong, in words. `at` is in seconds since 1970."""

    plugin: str
    phase: Phase
    hook: str | None
    kind: str
    message: str
    traceback: str = field(repr=False)
    at: float
    advised: bool = False
    """Whether it is an error of ours whose message says where and what to do."""

    def __str__(self) -> str:
        where = self.phase.value if self.hook is None else f"{self.phase.value} {self.hook}"
        if self.advised:
            return f"{where} failed: {' '.join(self.message.split())}"
        # One line, whatever the plugin says, so that nobody writes log lines of his own.
        said = self.message.replace("\r", "\\r").replace("\n", "\\n")
        return f"{where} failed: {self.kind}{said and f': {said}'}"


class FaultKey(NamedTuple):
    """What faults are counted by."""

    plugin: str
    phase: Phase
    hook: str | None
    kind: str


def _is_advice(error: BaseException) -> bool:
    if isinstance(error, UnknownHook | WrongArguments):
        return bool(error.place)
    return isinstance(error, ConfigurationError | MissingExtra | WrongAnswer)


@dataclass(slots=True)
class _Logged:
    at: float
    suppressed: int = 0
