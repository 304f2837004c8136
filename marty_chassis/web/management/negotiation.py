"""Which form of the figures is asked for."""

from __future__ import annotations

_PROMETHEUS = ("application/openmetrics-text", "text/plain")


def wants_prometheus(accept: str) -> bool:
    """Whether the caller would rather have Prometheus text than JSON.

    Only who names it gets it: `*/*`, as browsers and curl send it, is JSON.
    """
    weights = _weights(accept)
    prometheus = max(
        (weights[kind] for kind in (*_PROMETHEUS, "text/*") if kind in weights), default=0.0
    )
    if "application/json" in weights:
        return prometheus > weights["application/json"]
    others = (weights[kind] for kind in ("application/*", "*/*") if kind in weights)
    return prometheus > 0 and prometheus >= next(others, 0.0)


def _weights(accept: str) -> dict[str, float]:
    """By media type, without its other parameters; the greatest of several."""
    found: dict[str, float] = {}
    for item in accept.split(","):
        kind, *parameters = (part.strip().lower() for part in item.split(";"))
        weight = next((_number(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        found[kind] = max(weight, found.get(kind, 0.0))
    return found


def _number(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
