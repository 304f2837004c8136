"""Who is let in: tokens, roles, and no request of another site."""

from __future__ import annotations

import pytest

from marty_chassis.plugins import IPlugin, plugin

from .conftest import OPERATOR, VIEWER, Make

GUARDED = [
    "/plugins/status",
    "/plugins/metrics",
    "/plugins/events",
    "/plugins/audit",
    "/plugins/audit/health",
    "/metrics",
    "/extension-points",
    "/openapi.json",
    "/no-such-path",
]


@plugin(name="audit", version="1.0.0")
class Audit(IPlugin):
    pass


@pytest.mark.parametrize("path", GUARDED)
async def test_without_a_token_nothing_is_shown(make: Make, path: str) -> None:
    service = await make(Audit)

    response = await service.get(path, None)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="marty management"'
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["type"] == "urn:marty:token-needed"


@pytest.mark.parametrize("path", [*GUARDED, "/health"])
async def test_a_wrong_token_is_said_to_be_wrong(make: Make, path: str) -> None:
    service = await make(Audit)

    response = await service.get(path, "a-guess")

    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert "a-guess" not in response.text


async def test_without_a_configured_token_the_answer_names_the_setting(make: Make) -> None:
    service = await make(Audit, management={})

    for token in (None, "a-guess"):
        response = await service.get("/plugins/status", token)

        assert response.status_code == 401
        assert "management.token" in response.json()["detail"]
        assert "MARTY_MANAGEMENT__TOKEN" in response.json()["detail"]
        assert "secrets.token_urlsafe" in response.json()["detail"]


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_the_probes_are_open_and_look_at_no_token(make: Make, path: str) -> None:
    service = await make(Audit)

    for token in (None, "a-guess"):
        response = await service.get(path, token)

        assert response.status_code == 200
        assert response.json() == {"status": "pass"}


async def test_tokens_are_lists_so_that_one_can_replace_another(make: Make) -> None:
    service = await make(Audit, management={"token": ["old", "new"], "viewer_token": ["v1", "v2"]})

    for token in ("old", "new", "v1", "v2"):
        assert (await service.get("/plugins/status", token)).status_code == 200


async def test_a_token_is_not_accepted_in_a_query(make: Make) -> None:
    service = await make(Audit)

    response = await service.get(f"/plugins/status?access_token={OPERATOR}&token={OPERATOR}", None)

    assert response.status_code == 401


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"bearer {OPERATOR}", 200),
        (f"BEARER   {OPERATOR} ", 200),
        (f"Basic {OPERATOR}", 401),
        (OPERATOR, 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        (f"Bearer {OPERATOR} {OPERATOR}", 401),
        ("Bearer \xff\xfe", 401),
    ],
)
async def test_how_a_token_may_be_written(make: Make, header: str, status: int) -> None:
    service = await make(Audit)

    async with service.client(None) as client:
        response = await client.get(
            "/plugins/status", headers=[(b"authorization", header.encode("latin-1"))]
        )

    assert response.status_code == status


async def test_two_authorizations_are_none(make: Make) -> None:
    service = await make(Audit)
    one = (b"authorization", f"Bearer {OPERATOR}".encode())

    async with service.client(None) as client:
        response = await client.get("/plugins/status", headers=[one, one])

    assert response.status_code == 401


async def test_a_viewer_may_look_and_move_nothing(make: Make) -> None:
    service = await make(Audit)

    looked = await service.get("/plugins/status", VIEWER)
    moved = await service.post("/plugins/audit/disable", VIEWER)

    assert looked.status_code == 200
    assert moved.status_code == 403
    assert moved.json()["type"] == "urn:marty:operator-needed"
    assert service.supervisor.status_of("audit").state.value == "started"


async def test_who_is_in_both_lists_is_an_operator(make: Make) -> None:
    service = await make(Audit, management={"token": "both", "viewer_token": "both"})

    assert (await service.post("/plugins/audit/disable", "both")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-origin", "origin": "http://service"}, 200),
        ({"origin": "http://service:80"}, 200),
        ({"origin": "https://service:443", "host": "service"}, 200),
        ({"origin": "https://SERVICE", "host": "service:443"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "something new"}, 403),
        ({"origin": "http://elsewhere"}, 403),
        ({"origin": "http://service:8080"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://[broken"}, 403),
        ({"origin": "http://service:port"}, 403),
        ({"origin": "chrome-extension://abcdef"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "http://elsewhere"}, 403),
    ],
)
async def test_plugins_are_not_moved_at_the_request_of_another_site(
    make: Make, headers: dict[str, str], status: int
) -> None:
    service = await make(Audit)

    async with service.client() as client:
        response = await client.post("/plugins/audit/disable", headers=headers)

    assert response.status_code == status
    if status == 403:
        assert response.json()["type"] == "urn:marty:cross-site"
        assert service.supervisor.status_of("audit").state.value == "started"


async def test_looking_from_another_site_is_no_harm(make: Make) -> None:
    service = await make(Audit)

    async with service.client() as client:
        response = await client.get("/plugins/status", headers={"sec-fetch-site": "cross-site"})

    assert response.status_code == 200
