"""The endpoints of the management API and the figures of the chassis, as they are answered."""

from __future__ import annotations

from starlette.testclient import TestClient

from marty_chassis import ChassisConfig, create_app
from marty_chassis.web.management.endpoint import Endpoint, Need
from marty_chassis.web.management.endpoints import ENDPOINTS

WHO = {
    Need.NOTHING: "everybody",
    Need.TOKEN_FOR_DETAILS: "everybody; details with a token",
    Need.VIEWER: "viewer",
    Need.OPERATOR: "operator",
}


def endpoints() -> str:
    """One row for each endpoint, in the order in which they are tried."""
    head = ["| endpoint | | who | answers |", "|---|---|---|---|"]
    return "\n".join([*head, *map(_row, ENDPOINTS)])


def figures() -> str:
    """One row for each figure that is always there."""
    app = create_app(ChassisConfig(management={"token": "any"}))
    with TestClient(app, headers={"Authorization": "Bearer any"}) as client:
        families = client.get("/plugins/metrics").json()["chassis"]
    rows = [f"| `{one['name']}` | {one['type']} | {one['help']} |" for one in families]
    return "\n".join(["| figure | type | |", "|---|---|---|", *rows])


def _row(one: Endpoint) -> str:
    words = [f"{name}=true" for name in one.flags]
    words += [f"{name}={word}" for name, (_, *rest) in one.choices.items() for word in rest]
    said = ", ".join([one.summary.rstrip("."), *(f"`?{word}`" for word in words)])
    codes = ", ".join(map(str, sorted({200, *one.gives, *one.fails})))
    return f"| `{one.method} {one.path}` | {said} | {WHO[one.need]} | {codes} |"
