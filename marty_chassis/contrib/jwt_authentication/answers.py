"""What a client gets that is refused: RFC 6750, and a problem as all of ours, RFC 9457."""

from __future__ import annotations

from typing import Final

from marty_chassis.web.problem import ProblemResponse, problem

from .refused import Refused

DETAILS: Final = {
    400: "Send one Authorization header: Bearer, a space, a token.",
    401: "This needs a valid bearer token.",
    403: "The token does not allow this.",
    503: "Tokens cannot be verified at the moment. Ask again later.",
}
"""The same for everybody: nobody learns here what exactly is wrong with a token."""


def answer(refused: Refused, realm: str) -> ProblemResponse:
    """Give the answer, which no cache may keep."""
    status = refused.reason.status
    own = {"retry-after": "5"} if status == 503 else {"www-authenticate": challenge(refused, realm)}
    return problem(status, DETAILS[status], headers=own)


def challenge(refused: Refused, realm: str) -> str:
    """Give the value of `WWW-Authenticate`; without an error for whoever sent no token."""
    words = [f'realm="{realm}"']
    if refused.reason.error is not None:
        words.append(f'error="{refused.reason.error}"')
    if refused.scopes:
        words.append(f'scope="{" ".join(refused.scopes)}"')
    return f"Bearer {', '.join(words)}"
