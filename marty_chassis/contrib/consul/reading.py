"""What Consul knows of a service, in the words of the contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from marty_chassis.contrib.registry import Instance
from marty_chassis.contrib.registry.instance import Status
from marty_hookspecs import ServiceInfo

from .writing import OWN

WORST: tuple[Status, ...] = ("critical", "warning")


def instances(answer: Any) -> list[ServiceInfo]:
    """Read `/v1/health/service/<name>`; raises any of what nonsense raises."""
    # Consul's ids are unique on a node alone, and two nodes may have named theirs alike.
    ids = Counter(row["Service"]["ID"] for row in answer)
    return [_instance(row, ids).service() for row in answer]


def _instance(row: Mapping[str, Any], ids: Mapping[str, int]) -> Instance:
    node, service = row["Node"], row["Service"]
    meta = dict(service.get("Meta") or {})
    own = {key: meta.pop(key, None) or None for key in OWN}
    return Instance(
        name=service["Service"],
        id=service["ID"] if ids[service["ID"]] == 1 else f"{service['ID']}@{node['Node']}",
        address=service.get("Address") or node.get("Address") or None,
        port=service.get("Port") or None,
        tags=[tag for tag in service.get("Tags") or () if tag],
        meta=meta,
        status=_status(row.get("Checks") or ()),
        weight=(service.get("Weights") or {}).get("Passing", 1),
        **own,
    )


def _status(checks: Iterable[Mapping[str, object]]) -> Status:
    """How all of its checks together are, and those of its node."""
    found = {check.get("Status") for check in checks}
    for status in WORST:
        if status in found:
            return status
    return "passing"
