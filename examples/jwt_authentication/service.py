"""Nobody reads without a token; a plugin gives out tokens, and only librarians add books.

Run it:
    python examples/jwt_authentication/service.py

Prints:
    nobody reads /books: 401, Bearer realm="marty"
    somebody with a made-up signature does: 401, Bearer realm="marty", error="invalid_token"
    ada does: 200, welcome, {'books': ['Frankenstein'], 'reader': 'ada'}
    ada adds a book: 403, Bearer realm="marty", error="insufficient_scope", scope="librarian"
    mary adds a book: 201, welcome
    refused: no_token, signature, scope
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import httpx2
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from marty_chassis import create_app
from marty_chassis.plugins import IEventHandlerPlugin, hookimpl, plugin

BOOKS = ["Frankenstein"]
LIBRARIANS = {"mary"}


async def books(request: Request) -> JSONResponse:
    return JSONResponse({"books": BOOKS, "reader": request.user.display_name})


async def new(request: Request) -> Response:
    BOOKS.append((await request.body()).decode())
    return Response(status_code=201)


@plugin(name="login", version="1.0.0", dependencies=["jwt-authentication"])
class Login(IEventHandlerPlugin):
    """Gives a token to who says their name: a real one asks for more."""

    refusals: tuple[str, ...] = ()

    @hookimpl
    def web_routes(self) -> list[Route]:
        return [Route("/login", self.login, methods=["POST"])]

    async def login(self, request: Request) -> PlainTextResponse:
        name = (await request.body()).decode()
        scopes = ["librarian"] if name in LIBRARIANS else []
        guard = self.context.plugins["jwt-authentication"]
        return PlainTextResponse(await guard.issue(name, scopes=scopes))

    def get_event_subscriptions(self) -> dict[str, str]:
        return {"auth.refused": "refused"}

    async def refused(self, event_data: dict[str, str]) -> None:
        self.refusals += (event_data["reason"],)


if __name__ == "__main__":
    os.environ["MARTY_PLUGINS__JWT_AUTHENTICATION__JWT_SECRET"] = secrets.token_urlsafe(48)

app = create_app(
    Path(__file__).parent / "config.yaml",
    plugins=[Login],
    routes=[Route("/books", books), Route("/books/new", new, methods=["POST"])],
)


def said(response: httpx2.Response) -> str:
    return f"{response.status_code}, {response.headers.get('www-authenticate', 'welcome')}"


def as_bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


if __name__ == "__main__":
    with TestClient(app) as client:
        ada, mary = (client.post("/login", content=name).text for name in ("ada", "mary"))
        made_up = f"{ada.rpartition('.')[0]}.{'A' * 43}"

        print(f"nobody reads /books: {said(client.get('/books'))}")
        answer = client.get("/books", headers=as_bearer(made_up))
        print(f"somebody with a made-up signature does: {said(answer)}")
        answer = client.get("/books", headers=as_bearer(ada))
        print(f"ada does: {said(answer)}, {answer.json()}")
        answer = client.post("/books/new", content="Dracula", headers=as_bearer(ada))
        print(f"ada adds a book: {said(answer)}")
        answer = client.post("/books/new", content="Dracula", headers=as_bearer(mary))
        print(f"mary adds a book: {said(answer)}")
        login = app.state.chassis.plugins.get("login")
        print(f"refused: {', '.join(login.refusals)}")
