"""Tokens made by another library than the one that reads them, and an application to ask for."""

from __future__ import annotations

import time
import warnings
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.registry import HeaderParameter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from marty_chassis.contrib.jwt_authentication import JwtSettings
from marty_chassis.contrib.jwt_authentication.keys import OwnKeys
from marty_chassis.contrib.jwt_authentication.tokens import Tokens

SECRET = "a-secret-that-is-long-enough-for-hs256-hs384-and-hs512-altogether"
SECTION: dict[str, Any] = {"jwt_secret": SECRET}
DEVELOPMENT: dict[str, Any] = {"service": {"environment": "development"}}

RSA = RSAKey.generate_key(2048, {"kid": "rsa-1"})
RSA_2 = RSAKey.generate_key(2048, {"kid": "rsa-2"})
EC = ECKey.generate_key("P-256", {"kid": "ec-1"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed-1"})


def claims(**changes: Any) -> dict[str, Any]:
    """What a token says; a claim that is None is left out."""
    now = int(time.time())
    said = {"sub": "ada", "iat": now, "exp": now + 600, **changes}
    return {name: value for name, value in said.items() if value is not None}


def token(
    key: Any = SECRET,
    algorithm: str = "HS256",
    *,
    header: dict[str, Any] | None = None,
    **said: Any,
) -> str:
    """A token signed with this key."""
    if isinstance(key, str):
        key = OctKey.import_key(key)
    made = {"alg": algorithm, **(header or {})}
    extensions = {name: HeaderParameter("ours", "str") for name in made.get("crit", ())}
    registry = jws.JWSRegistry(extensions, algorithms=[algorithm], strict_check_header=False)
    with warnings.catch_warnings():
        # It would rather call EdDSA by the new name Ed25519, which PyJWT does not know.
        warnings.simplefilter("ignore", SecurityWarning)
        made_of = claims(**said)
        return jwt.encode(made, made_of, key, algorithms=[algorithm], registry=registry)


def bearer(*arguments: Any, **said: Any) -> dict[str, str]:
    """The header with such a token."""
    return {"authorization": f"Bearer {token(*arguments, **said)}"}


def public(key: Any) -> str:
    """The public half, PEM."""
    pem: bytes = key.as_pem(private=False)
    return pem.decode()


def verifying(**section: Any) -> Tokens:
    """What verifies and issues tokens by such a section."""
    made = JwtSettings.model_validate(section or SECTION)
    return Tokens(made, OwnKeys(made))


def application() -> Starlette:
    """Says on every path who asks, and knows how often it was asked."""

    async def whoami(request: Request) -> Response:
        app.state.asked += 1
        user = request.user
        return JSONResponse({"user": user.display_name, "scopes": list(request.auth.scopes)})

    async def talk(websocket: WebSocket) -> None:
        app.state.asked += 1
        await websocket.accept()
        await websocket.send_text(websocket.user.display_name)
        await websocket.close()

    routes = [WebSocketRoute("/{path:path}", talk), Route("/{path:path}", whoami)]
    routes[1].methods = None  # type: ignore[attr-defined]  # any
    app = Starlette(routes=routes)
    app.state.asked = 0
    return app


async def knock(app: Any, *headers: str, deny: bool = True, path: str = "/ws") -> Any:
    """What a server hears first when a client knocks, with these Authorization headers."""
    heard: list[Any] = []
    messages = iter([{"type": "websocket.connect"}])

    async def receive() -> Any:
        return next(messages, {"type": "websocket.disconnect", "code": 1000})

    async def send(message: Any) -> None:
        heard.append(message)

    scope: dict[str, Any] = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": f"access_token={token()}".encode(),
        "headers": [(b"host", b"service"), *((b"authorization", one.encode()) for one in headers)],
        "subprotocols": [],
        "client": ("127.0.0.1", 5),
        "extensions": {"websocket.http.response": {}} if deny else None,
    }
    await app(scope, receive, send)
    return heard[0]
