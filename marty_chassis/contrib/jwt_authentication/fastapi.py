"""The principal as a dependency of FastAPI, and the scheme in its OpenAPI document.

    @app.get("/me")
    async def me(principal: CurrentPrincipal) -> str:
        return principal.subject

    @app.delete("/orders/{number}")
    async def cancel(
        number: int,
        principal: Annotated[Principal, Security(current_principal, scopes=["orders:write"])],
    ) -> None: ...

It looks at what jwt-authentication has put on the request, and at nothing else: without the plugin
nobody gets in. Works for websockets, too. Needs the extra `fastapi`.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import HTTPException, Security, WebSocketException
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from .answers import DETAILS, challenge
from .principal import Principal
from .refused import Reason, Refused

__all__ = ["CurrentPrincipal", "current_principal"]


class _PrincipalOfToken(SecurityBase):
    """Raises what FastAPI answers with 401, or with 403 where one of the scopes is missing."""

    def __init__(self) -> None:
        self.model = HTTPBearer(bearerFormat="JWT")
        self.scheme_name = "jwt-authentication"

    async def __call__(self, connection: HTTPConnection, security: SecurityScopes) -> Principal:
        """Give the principal of the request."""
        principal = connection.scope.get("user")
        if not isinstance(principal, Principal):
            raise _error(connection, Refused(Reason.NO_TOKEN))
        if not principal.scopes.issuperset(security.scopes):
            raise _error(connection, Refused(Reason.SCOPE, scopes=security.scopes))
        return principal


current_principal: Final = _PrincipalOfToken()
CurrentPrincipal = Annotated[Principal, Security(current_principal)]
"""Whoever asks, with any scopes."""


def _error(connection: HTTPConnection, refused: Refused) -> Exception:
    if connection.scope["type"] == "websocket":
        return WebSocketException(1008)
    headers = {"www-authenticate": challenge(refused, "marty"), "cache-control": "no-store"}
    return HTTPException(refused.reason.status, DETAILS[refused.reason.status], headers)
