"""Which requests are answered, and what becomes of those for nobody."""

from __future__ import annotations

import pytest

from .conftest import OPERATOR, Make


def scope(path: str, kind: str = "http", root_path: str = "") -> dict[str, object]:
    return {"type": kind, "method": "GET", "path": path, "root_path": root_path, "headers": []}


@pytest.mark.parametrize(
    ("path", "answered"),
    [
        ("/-/marty", True),
        ("/-/marty/", True),
        ("/-/marty/plugins/status", True),
        ("/-/marty/whatever/else", True),
        ("/-/martyr", False),
        ("/plugins/status", False),
        ("/", False),
    ],
)
async def test_everything_below_the_prefix_is_answered(
    make: Make, path: str, answered: bool
) -> None:
    service = await make()

    assert service.management.answers(scope(path)) is answered
    assert not service.management.answers(scope(path, "websocket"))
    assert not service.management.answers({"type": "lifespan"})


@pytest.mark.parametrize(
    ("path", "answered"),
    [
        ("/plugins/status", True),
        ("/plugins/mine/reload", True),
        ("/plugins/mine", True),
        ("/health", True),
        ("/health/live", True),
        ("/metrics", True),
        ("/extension-points", True),
        ("/openapi.json", True),
        ("/plugins", False),
        ("/plugins/", False),
        ("/plugins/mine/reload/now", False),
        ("/healthy", False),
        ("/health/", False),
        ("/", False),
        ("", False),
    ],
)
async def test_at_the_root_only_the_endpoints_are_answered(
    make: Make, path: str, answered: bool
) -> None:
    service = await make(management={"prefix": "", "token": OPERATOR})

    assert service.management.answers(scope(path)) is answered


async def test_what_the_application_owns_is_left_to_it(make: Make) -> None:
    service = await make()

    front = service.management.at("", ["/health", "/plugins/{name}", "/plugins/events"])

    assert not front.answers(scope("/health"))
    assert not front.answers(scope("/plugins/mine"))
    assert not front.answers(scope("/plugins/events"))
    assert front.answers(scope("/plugins/status"))
    assert front.answers(scope("/health/live"))
    assert "/health" not in front.paths
    assert "/plugins/status" in front.paths
    assert front.prefix == ""
    async with service.client(app=front) as client:
        document = (await client.get("http://service/openapi.json")).json()
    assert set(document["paths"]) == set(front.paths)


async def test_below_a_prefix_too(make: Make) -> None:
    service = await make()

    front = service.management.at("/-/marty", ["/-/marty/metrics"])

    assert not front.answers(scope("/-/marty/metrics"))
    assert front.answers(scope("/-/marty/health"))


async def test_the_application_may_be_mounted_somewhere(make: Make) -> None:
    service = await make()

    assert service.management.answers(scope("/api/-/marty/health", root_path="/api"))
    assert not service.management.answers(scope("/apis/-/marty/health", root_path="/api"))
    assert service.management.answers(scope("/-/marty/health", root_path="/api"))


async def test_a_path_that_is_none_names_the_nearest(make: Make) -> None:
    service = await make()

    response = await service.get("/plugin/status")

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert "Did you mean '/-/marty/plugins/status'?" in response.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/plugins/status", "GET, HEAD"),
        ("DELETE", "/plugins/mine", "GET, HEAD"),
        ("GET", "/plugins/mine/reload", "POST"),
        ("HEAD", "/plugins/mine/disable", "POST"),
        ("OPTIONS", "/health", "GET, HEAD"),
        ("POST", "/health/live", "GET, HEAD"),
        ("PUT", "/openapi.json", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    make: Make, method: str, path: str, allowed: str
) -> None:
    service = await make()

    async with service.client() as client:
        response = await client.request(method, path)

    assert response.status_code == 405
    assert response.headers["allow"] == allowed
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_probe_tells_the_right_method_without_a_token(make: Make) -> None:
    service = await make()

    assert (await service.post("/health/live", None)).status_code == 405


@pytest.mark.parametrize("path", ["/plugins/status", "/health/live", "/metrics", "/no-such"])
async def test_head_gives_the_headers_alone(make: Make, path: str) -> None:
    service = await make()

    async with service.client() as client:
        got = await client.get(path)
        head = await client.head(path)

    assert head.status_code == got.status_code
    assert head.headers["content-type"] == got.headers["content-type"]
    assert head.content == b""


async def test_it_says_what_it_is(make: Make) -> None:
    service = await make()

    assert repr(service.management).startswith("<Management below /-/marty: <Supervisor ")
    assert repr(service.management.at("")).startswith("<Front <Paths below /: /plugins/status,")
    assert service.management.prefix == "/-/marty"
    assert "/-/marty/plugins/{name}/reload" in service.management.paths
