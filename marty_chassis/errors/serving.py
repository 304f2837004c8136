"""What was named cannot be served, or is not there to be used."""

from __future__ import annotations

from .root import MartyError


class ServingError(MartyError):
    """What was named cannot be served."""


class CannotListen(ServingError):
    """The address of a server is taken, forbidden, or none of this machine's.

    `settings` says in words what decides about the address.
    """

    def __init__(
        self,
        host: str,
        port: int,
        reason: str,
        *,
        taken: bool = False,
        settings: str = "--host and --port, or service.host and service.port",
    ) -> None:
        super().__init__(host, port, reason, taken, settings)
        self.host = host
        self.port = port
        self.reason = reason
        self.taken = taken
        self.settings = settings

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        then = (
            "Stop the program that listens there, or take another port (0 takes a free one):"
            if self.taken
            else "Give an address of this machine and a port that you may use:"
        )
        return f"cannot listen on {host}:{self.port}: {self.reason}. {then} {self.settings}."


class NoApplication(ServingError):
    """`module:name` leads to no ASGI application."""

    def __init__(self, target: str, found: str, advice: str) -> None:
        super().__init__(target, found, advice)
        self.target = target
        self.found = found
        self.advice = advice

    def __str__(self) -> str:
        return f"the application {self.target!r} cannot be served: {self.found}. {self.advice}"


class StartupFailed(ServingError):
    """The application's lifespan failed before it could be served; the log has said why."""

    def __str__(self) -> str:
        return "the application did not start; what was logged just before this says why."


class WorkersApart(ServingError):
    """The workers of one service cannot hear each other."""

    _ADVICE = (
        "What is reloaded, enabled or disabled in this one is not in the others. Set"
        " XDG_RUNTIME_DIR to a folder with a short path that belongs to this user alone."
    )

    def __init__(self, reason: str, advice: str = _ADVICE) -> None:
        super().__init__(reason, advice)
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        return f"the workers of this service cannot hear each other: {self.reason}. {self.advice}"


class WrongLoop(ServingError):
    """A server is started in an event loop that it cannot run in."""

    def __init__(self, needed: str) -> None:
        super().__init__(needed)
        self.needed = needed

    def __str__(self) -> str:
        return (
            f"uvicorn runs on {self.needed} alone, and this is another event loop. Start the program"
            f' with anyio.run(main, backend="{self.needed}"), or serve with a server of that loop.'
        )


class MissingExtra(MartyError):
    """Something needs a package that is not installed; an extra of ours brings it."""

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(what, package, extra)
        self.what = what
        self.package = package
        self.extra = extra

    def __str__(self) -> str:
        return (
            f"{self.what} needs {self.package}, which is not installed."
            f' Install it with the extra {self.extra!r}: pip install "marty-chassis[{self.extra}]"'
        )


class NoService(MartyError):
    """A running service cannot be asked through its management API."""

    def __init__(self, url: str, found: str, advice: str) -> None:
        super().__init__(url, found, advice)
        self.url = url
        self.found = found
        self.advice = advice

    def __str__(self) -> str:
        return f"no service can be asked at {self.url}: {self.found}. {self.advice}"


class NotMade(MartyError):
    """Something was asked for before it was made."""

    def __init__(self, asked: str, first: str) -> None:
        super().__init__(asked, first)
        self.asked = asked
        self.first = first

    def __str__(self) -> str:
        return f"{self.asked}() was called before anything was made. Await {self.first}() first."
