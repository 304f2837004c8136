"""An error as JSON that programs can read: RFC 9457, the one form of every answer that is one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class ProblemResponse(Response):
    """An answer that says what was wrong."""

    type: str = ""
    """One word for programs, as in `unknown-plugin`; empty where only the status tells."""


def problem(
    status: int,
    detail: str,
    *,
    type: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> ProblemResponse:
    """Give the answer: an ASGI application, never cached.

    detail: what happened and what to do, for a person; it must hold no secret.
    type: one word for programs, as in `unknown-plugin`; only the status tells when there is none.
    more: further members, which JSON must be able to hold.
    """
    body = {
        "type": f"urn:marty:{type}" if type else "about:blank",
        "title": type.replace("-", " ") if type else HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    response = ProblemResponse(
        json.dumps(body, ensure_ascii=False).encode(errors="backslashreplace"),
        status,
        {"cache-control": "no-store", **(headers or {})},
        MEDIA_TYPE,
    )
    response.type = type or ""
    return response
