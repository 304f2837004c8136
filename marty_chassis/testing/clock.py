"""Time that passes when told to."""

from __future__ import annotations


class FakeClock:
    """Seconds since nobody knows when, as `time.monotonic` gives them: `clock()`.

    Given to `PluginHost(clock=...)` or `Chassis(clock=...)` it moves the lives of registered
    services (`ttl`), the breakers' cooldown and when health checks are due; the latter are noticed
    within a second of real time. It does not move sleeps and deadlines, which belong to the event
    loop, nor dates: times of events and in logs are real.
    """

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> float:
        """Let time pass, and give the new time. Raises `ValueError` for time that runs backwards."""
        if seconds < 0:
            raise ValueError(f"a monotonic clock does not go back: {seconds} s")
        self.now += seconds
        return self.now

    def __repr__(self) -> str:
        return f"<FakeClock at {self.now:g} s>"
