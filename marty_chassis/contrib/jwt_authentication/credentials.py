"""The bearer token of a request: of its one Authorization header, and of nowhere else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .refused import Reason, Refused

_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
"""RFC 6750, 2.1. Two headers that a proxy has joined with a comma are none."""


def bearer_token(headers: Sequence[str], limit: int) -> str:
    """Give the token; raises `Refused` where there is none, or several.

    headers: all the Authorization headers. limit: of the token, in characters.
    """
    if len(headers) > 1:
        raise Refused(Reason.REQUEST)
    scheme, _, token = (headers[0] if headers else "").strip().partition(" ")
    if scheme.lower() != "bearer":
        raise Refused(Reason.NO_TOKEN)
    token = token.strip(" ")
    if len(token) > limit:
        raise Refused(Reason.LENGTH)
    if not _TOKEN.fullmatch(token):
        raise Refused(Reason.REQUEST)
    return token
