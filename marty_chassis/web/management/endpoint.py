"""What an endpoint is: path, method, who may, what answers, and what the document says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from pydantic import BaseModel

from marty_hookspecs.web import ASGIApp

from .asked import Asked, Desk

JSON = "application/json"
PROMETHEUS = "text/plain"
OPENMETRICS = "application/openmetrics-text"

Answer = Callable[[Desk, Asked], Awaitable[ASGIApp]]


class Need(Enum):
    """What a caller needs for an answer."""

    NOTHING = "nothing"
    """Tokens are not even looked at."""
    TOKEN_FOR_DETAILS = "token for details"
    """Everybody gets an answer, callers with a token get more."""
    VIEWER = "viewer"
    """Any of the tokens."""
    OPERATOR = "operator"
    """An operator's token, and no other site that sends the request."""


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """One endpoint."""

    method: Literal["GET", "POST"]
    path: str
    """Below the prefix, with names in braces."""
    name: str
    """The operation's, in the document."""
    summary: str
    need: Need
    answer: Answer
    gives: Mapping[int, tuple[str, type[BaseModel]]]
    """By status: the media type and the model."""
    texts: tuple[str, ...] = ()
    """Media types of the answer 200 that no model describes."""
    fails: tuple[int, ...] = ()
    """Statuses of answers that are problems, those of access apart."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What it looks for in the headers, and what that means."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """What may be set in the query, and what that means."""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What may be chosen in the query: what that means, then the words, the usual one first."""


def look(
    path: str,
    answer: Answer,
    gives: Mapping[int, type[BaseModel]],
    *,
    name: str,
    need: Need = Need.VIEWER,
    media_type: str = JSON,
    texts: tuple[str, ...] = (),
    fails: tuple[int, ...] = (),
    headers: Mapping[str, str] | None = None,
    choices: Mapping[str, tuple[str, ...]] | None = None,
) -> Endpoint:
    """Give an endpoint that only shows something; its summary is the function's."""
    return Endpoint(
        "GET",
        path,
        name,
        (answer.__doc__ or "").partition("\n")[0],
        need,
        answer,
        {status: (media_type, model) for status, model in gives.items()},
        texts,
        fails,
        headers or {},
        choices=choices or {},
    )
