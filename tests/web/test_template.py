"""The name of a route, where it cannot be told, and where clients would make up names."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from marty_chassis.web.template import template


def route(path: str) -> Route:
    return Route(path, lambda request: PlainTextResponse(""))


@pytest.mark.parametrize(
    ("path", "below", "params", "name"),
    [
        ("/orders/{id}", "/orders/7", {"id": "7"}, "/orders/{id}"),
        ("/orders/{id:int}", "/orders/007", {"id": 7}, "/orders/{id}"),
        ("/orders/{id}", "/api/orders/7", {"id": "7"}, "/api/orders/{id}"),
        ("/orders/{id}", "/acme/orders/7", {"tenant": "acme", "id": "7"}, "/{tenant}/orders/{id}"),
        ("/{path:path}", "/files/a/b", {"path": "a/b"}, "/files/{path}"),
        # A mount whose parameter is not in the path as it was read: anybody could have written it.
        ("/orders/{id}", "/007/orders/7", {"tenant": 7, "id": "7"}, "/orders/{id}"),
        # Something inside has changed the path.
        ("/orders/{id}", "/bestellungen/7", {"id": "7"}, "/orders/{id}"),
        ("/", "/", {}, "/"),
        ("/", "/", None, "/"),
    ],
)
def test_what_stands_before_a_route_is_given_as_it_was_written(
    path: str, below: str, params: Any, name: str
) -> None:
    assert template({"route": route(path), "path_params": params}, below) == name


@pytest.mark.parametrize(
    ("at", "path", "params", "name"),
    [
        ("/files", "/files/a/b", {}, "/files"),
        ("/files", "/api/files/", {}, "/api/files"),
        ("/t/{tenant}", "/t/acme/files/a", {"tenant": "acme"}, "/t/{tenant}"),
        ("/t/{tenant:int}", "/v2/t/7/a", {"kind": "v2", "tenant": 7}, "/{kind}/t/{tenant}"),
        ("/", "/a/b", {}, "/"),
    ],
)
def test_what_is_mounted_is_one_route(at: str, path: str, params: Any, name: str) -> None:
    mount = Mount(at, PlainTextResponse(""))

    assert template({"route": mount, "path_params": params}, path) == name


@pytest.mark.parametrize("found", [None, object(), "/orders"])
def test_what_does_not_say_how_it_was_written_is_no_route(found: Any) -> None:
    assert template({"route": found}, "/orders") is None
    assert template({}, "/orders") is None
