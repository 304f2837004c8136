"""The principal in a FastAPI: a typed dependency, scopes, and the scheme in the document."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

import pytest

pytest.importorskip("fastapi")

import httpx2
from fastapi import FastAPI, Security, WebSocket

from marty_chassis import ChassisConfig, create_fastapi_app
from marty_chassis.contrib.jwt_authentication import JwtAuthentication, Principal
from marty_chassis.contrib.jwt_authentication.fastapi import CurrentPrincipal, current_principal
from marty_chassis.plugins import PluginEnabledServiceFactory
from marty_chassis.testing.failures import WebSocketRefused

from .conftest import Guarded
from .tokens import SECTION, bearer

AsgiClient = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]
Admin = Annotated[Principal, Security(current_principal, scopes=["admin"])]


def routed(app: FastAPI) -> FastAPI:
    """An application with routes that want to know who asks."""

    @app.get("/me")
    async def me(principal: CurrentPrincipal) -> dict[str, Any]:
        return {"subject": principal.subject, "name": principal.claims.get("name")}

    @app.get("/admin")
    async def admin(principal: Admin) -> str:
        return principal.subject

    @app.get("/plain")
    async def plain() -> str:
        return "anybody"

    @app.websocket("/talk")
    async def talk(websocket: WebSocket, principal: Admin) -> None:
        await websocket.accept()
        await websocket.send_text(principal.subject)
        await websocket.close()

    return app


async def test_a_route_gets_the_principal(guarded: Guarded) -> None:
    async with guarded(app=routed(FastAPI())) as host:
        answer = await host.client.get("/me", headers=bearer(name="Ada"))

    assert answer.json() == {"subject": "ada", "name": "Ada"}


async def test_a_route_asks_for_scopes(guarded: Guarded) -> None:
    async with guarded(app=routed(FastAPI())) as host:
        refused = await host.client.get("/admin", headers=bearer(scope="orders"))
        allowed = await host.client.get("/admin", headers=bearer(scope="admin"))
        async with host.websocket("/talk", headers=bearer(scope="admin")) as websocket:
            assert await websocket.receive() == "ada"
        with pytest.raises(WebSocketRefused):
            await host.websocket("/talk", headers=bearer()).__aenter__()

    assert allowed.json() == "ada"
    assert refused.status_code == 403
    assert refused.headers["www-authenticate"] == (
        'Bearer realm="marty", error="insufficient_scope", scope="admin"'
    )


async def test_on_a_path_that_needs_no_token_the_route_may_need_one(guarded: Guarded) -> None:
    async with guarded(app=routed(FastAPI()), paths=["/elsewhere"]) as host:
        assert (await host.client.get("/plain")).json() == "anybody"
        for headers in ({}, bearer(exp=1), {"authorization": "Bearer x"}):
            answer = await host.client.get("/me", headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == 'Bearer realm="marty"'
        assert (await host.client.get("/me", headers=bearer())).json()["subject"] == "ada"


class Pretender:
    """Whatever somebody else has put on the request."""

    subject = "ada"
    scopes = frozenset({"admin"})
    is_authenticated = True


@pytest.mark.parametrize("user", [None, "ada", Pretender()])
async def test_without_the_plugin_nobody_gets_in(user: object) -> None:
    app = routed(FastAPI())

    async def around(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "user": user, "auth": user} if user else scope, receive, send)

    transport = httpx2.ASGITransport(around)
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
        assert (await client.get("/me", headers=bearer())).status_code == 401
        assert (await client.get("/admin")).status_code == 401


def test_the_scheme_is_in_the_document() -> None:
    config = ChassisConfig(plugins={"jwt-authentication": SECTION})
    app = routed(create_fastapi_app(config, plugins=[JwtAuthentication]))

    document = app.openapi()

    schemes = document["components"]["securitySchemes"]
    assert schemes["jwt-authentication"] == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
    }
    assert document["paths"]["/me"]["get"]["security"] == [{"jwt-authentication": []}]
    assert document["paths"]["/admin"]["get"]["security"] == [{"jwt-authentication": ["admin"]}]
    assert "security" not in document["paths"]["/plain"]["get"]


@pytest.mark.parametrize("missing", ["fastapi", "jwt", "httpx2", "cryptography"])
def test_the_package_is_imported_without_its_libraries(missing: str) -> None:
    program = (
        f"import sys; sys.path[:] = {sys.path!r}; sys.modules[{missing!r}] = None;"
        "from marty_chassis.contrib import jwt_authentication as package;"
        "print(package.JwtAuthentication.plugin_metadata.name)"
    )

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == "jwt-authentication"


async def test_enable_auth_is_this_plugin(asgi_client: AsgiClient) -> None:
    config = ChassisConfig(plugins={"jwt-authentication": SECTION})
    factory = PluginEnabledServiceFactory(config)
    app = routed(await factory.create_fastapi_service_with_plugins("shop", enable_auth=True))

    async with asgi_client(app) as client:
        assert (await client.get("/plain")).status_code == 401
        assert (await client.get("/me", headers=bearer())).json()["subject"] == "ada"


async def test_enable_auth_without_a_section_lets_nobody_in_and_says_why(
    asgi_client: AsgiClient,
) -> None:
    factory = PluginEnabledServiceFactory(ChassisConfig())
    app = routed(await factory.create_fastapi_service_with_plugins("shop", enable_auth=True))

    async with asgi_client(app) as client:
        assert (await client.get("/plain", headers=bearer())).status_code == 503
    (status,) = [one for one in await factory.get_plugin_manager().status() if one.required]
    assert "jwt_secret is missing" in status.reason
