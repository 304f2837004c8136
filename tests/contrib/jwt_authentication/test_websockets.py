"""Handshakes are guarded as requests are, and refused as the server is able to."""

from __future__ import annotations

import pytest

from marty_chassis.testing.failures import WebSocketRefused

from .conftest import Guarded
from .tokens import application, bearer, knock, token


async def test_who_has_a_valid_token_talks(guarded: Guarded) -> None:
    async with guarded() as host, host.websocket("/ws", headers=bearer()) as websocket:
        assert await websocket.receive() == "ada"


async def test_who_has_none_is_refused_with_the_answer_that_requests_get(guarded: Guarded) -> None:
    app = application()

    async with guarded(app=app, scopes={"/admin": ["admin"]}) as host:
        with pytest.raises(WebSocketRefused):
            await host.websocket("/ws").__aenter__()
        none = await knock(host.app)
        bad = await knock(host.app, f"Bearer {token(exp=1)}")
        twice = await knock(host.app, f"Bearer {token()}", f"Bearer {token()}")
        less = await knock(host.app, f"Bearer {token()}", path="/x/../admin")

    assert {one["type"] for one in (none, bad, twice, less)} == {"websocket.http.response.start"}
    assert [one["status"] for one in (none, bad, twice, less)] == [401, 401, 400, 403]
    assert dict(none["headers"])[b"www-authenticate"] == b'Bearer realm="marty"'
    assert b'scope="admin"' in dict(less["headers"])[b"www-authenticate"]
    assert app.state.asked == 0


async def test_where_the_server_cannot_answer_the_handshake_is_closed(guarded: Guarded) -> None:
    app = application()

    async with guarded(app=app) as host:
        for headers in ([], ["Bearer x"], [f"Bearer {token(exp=1)}"], [f"Bearer {token()}"] * 2):
            closed = await knock(host.app, *headers, deny=False)
            assert (closed["type"], closed["code"]) == ("websocket.close", 1008)
        assert app.state.asked == 0
        assert (await knock(host.app, f"Bearer {token()}", deny=False))[
            "type"
        ] == "websocket.accept"


async def test_where_nothing_is_needed_nobody_talks_too(guarded: Guarded) -> None:
    async with guarded(exempt=["/open"]) as host:
        async with host.websocket("/open") as websocket:
            assert await websocket.receive() == ""
        async with host.websocket("/open", headers=bearer()) as websocket:
            assert await websocket.receive() == "ada"
