"""Which form of the figures is asked for."""

from __future__ import annotations

from typing import Final

from marty_chassis.plugins.arrangement import Form

_NAMES: Final[dict[Form, tuple[str, ...]]] = {
    "json": ("application/json", "application/*"),
    "openmetrics": ("application/openmetrics-text", "application/*"),
    "prometheus": ("text/plain", "text/*"),
}


def wanted(accept: str, usual: Form) -> Form:
    """Give the form that the caller would rather have; the usual one where it does not matter.

    A form that is named comes before one that merely fits: `text/plain, */*` is Prometheus text.
    """
    weights = _weights(accept)

    fits = weights.get("*/*", 0.0)

    def rank(form: Form) -> tuple[float, bool, bool]:
        named = max(weights.get(name, 0.0) for name in _NAMES[form])
        if form == usual and fits > named:
            return (fits, False, True)
        return (named, True, form == usual)

    best = max(_NAMES, key=rank)
    return best if rank(best)[0] > 0 else usual


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
