"""Accounts, and tokens for those who have one."""

import hashlib
import hmac
import secrets

import anyio
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from marty_chassis.plugins import IPlugin, hookimpl, plugin


class Credentials(BaseModel):
    name: str
    password: str


@plugin(
    name="accounts",
    version="1.0.0",
    description="Makes accounts, and gives tokens to those who have one.",
    dependencies=["jwt-authentication"],
)
class Accounts(IPlugin):
    def __init__(self) -> None:
        self.known: dict[str, tuple[bytes, bytes]] = {}
        """Salt and hash of each password, by name."""

    def export_state(self) -> dict[str, tuple[bytes, bytes]]:
        return self.known

    def import_state(self, state: dict[str, tuple[bytes, bytes]]) -> None:
        self.known = state

    @hookimpl
    def web_routes(self) -> list[Route]:
        return [
            Route("/accounts", self.open_account, methods=["POST"]),
            Route("/token", self.give_token, methods=["POST"]),
        ]

    async def open_account(self, request: Request) -> Response:
        given = await credentials(request)
        if given is None:
            return problem(400, "name and password are needed, as JSON")
        salt = secrets.token_bytes(16)
        account = salt, await hashed(given.password, salt)
        # No await from here on: of two who want a name at once, one gets it.
        if given.name in self.known:
            return problem(409, "there is an account of this name")
        self.known[given.name] = account
        return Response(status_code=201)

    async def give_token(self, request: Request) -> Response:
        given = await credentials(request)
        salt, expected = self.known.get(given.name if given else "", (b"", b""))
        # Whoever has no account waits as long as everybody else.
        found = await hashed(given.password if given else "", salt)
        if given is None or not hmac.compare_digest(found, expected):
            await self.context.event_bus.publish("user.refused", {})
            return problem(401, "no such account, or another password")
        guard = self.context.plugins["jwt-authentication"]
        token = await guard.issue(given.name, scopes=["orders"])
        await self.context.event_bus.publish("user.login", {"name": given.name})
        return JSONResponse({"access_token": token, "token_type": "bearer"})


async def credentials(request: Request) -> Credentials | None:
    try:
        return Credentials.model_validate_json(await request.body())
    except ValidationError:
        return None


async def hashed(password: str, salt: bytes) -> bytes:
    def work() -> bytes:
        return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)

    return await anyio.to_thread.run_sync(work)


def problem(status: int, detail: str) -> Response:
    return JSONResponse({"detail": detail}, status)
