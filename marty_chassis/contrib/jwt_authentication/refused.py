"""Why somebody is refused: the reason is for the log, the client gets one of five answers."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from marty_chassis.errors import MartyError


class Reason(StrEnum):
    """Why; the words are what the log says."""

    NO_TOKEN = "no bearer token was sent"
    REQUEST = "the Authorization header is repeated or malformed"
    LENGTH = "the token is too long"
    FORM = "the token is no JWT"
    ALGORITHM = "the token's algorithm is not allowed here"
    CRITICAL = "the token has a critical extension, and none is understood here"
    KEY = "no key is known by the name that the token gives"
    SIGNATURE = "the signature does not fit"
    EXPIRED = "the token has expired"
    EARLY = "the token is not valid yet"
    ISSUER = "another issuer than the expected one"
    AUDIENCE = "the token is for another audience"
    CLAIMS = "a claim is missing, or is not what it should be"
    SCOPE = "the token lacks a scope"
    NO_KEYS = "the keys that tokens are verified with cannot be had"

    @property
    def word(self) -> str:
        """One word for programs: `expired`, `no_token`."""
        return self.name.lower()

    @property
    def status(self) -> int:
        """What the client gets; 401 says the same for everything that is wrong with a token."""
        return _STATUS.get(self, 401)

    @property
    def error(self) -> str | None:
        """The error of RFC 6750; none for whoever sent no token, and for what is our own fault."""
        return None if self is Reason.NO_TOKEN else _ERRORS.get(self.status)


_STATUS: Final = {Reason.REQUEST: 400, Reason.SCOPE: 403, Reason.NO_KEYS: 503}
_ERRORS: Final = {400: "invalid_request", 401: "invalid_token", 403: "insufficient_scope"}


class Refused(MartyError):
    """A token, or who sent none, is refused; `reason` is not for the client."""

    def __init__(self, reason: Reason, *, scopes: Iterable[str] = (), subject: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.scopes = tuple(sorted(scopes))
        """What would have been needed, where scopes are the reason."""
        self.subject = subject
        """Whose token it is, where that is certain."""

    def __str__(self) -> str:
        needed = f": it needs {' '.join(self.scopes)}" if self.scopes else ""
        return f"refused: {self.reason.value}{needed}."


class CannotIssue(MartyError):
    """A token cannot be issued as asked."""

    def __init__(self, found: str, advice: str) -> None:
        super().__init__(found, advice)
        self.found = found
        self.advice = advice

    def __str__(self) -> str:
        return f"no token can be issued: {self.found}. {self.advice}"
