"""A service in Consul's words."""

from __future__ import annotations

from marty_hookspecs import ServiceInfo

OWN = ("scheme", "version", "zone")
"""What Consul has no field for is kept in the service's meta, under these keys."""


def registration(service: ServiceInfo, ttl: float, deregister_after: float) -> dict[str, object]:
    """The body of a registration; times are in seconds."""
    id, name = service.get("id", ""), service.get("name", "")
    meta = {key: str(value) for key in OWN if (value := service.get(key)) is not None}
    return {
        "Name": name,
        "ID": id,
        "Address": service.get("address") or "",
        "Port": service.get("port") or 0,
        "Tags": list(service.get("tags", ())),
        "Meta": {**service.get("meta", {}), **meta},
        # Consul wants 1 at least.
        "Weights": {"Passing": max(1, service.get("weight", 1)), "Warning": 1},
        "Check": {
            "Name": f"{name} sends heartbeats",
            "TTL": duration(ttl),
            "Status": status(service),
            "DeregisterCriticalServiceAfter": duration(deregister_after),
        },
    }


def status(service: ServiceInfo) -> str:
    """Consul's word for how a service is; what is not known is no pass."""
    known = service.get("status", "passing")
    return "warning" if known == "unknown" else known


def duration(seconds: float) -> str:
    """Seconds as Go writes a duration."""
    return f"{round(seconds * 1000)}ms"
