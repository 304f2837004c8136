"""What a service is configured with whose plugins are tested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

SECONDS: Final = 5.0
"""What a plugin may take for anything here, so that one that hangs does not hang the tests."""

DEFAULTS: Final[Mapping[str, Any]] = {
    "service": {"name": "plugin-host"},
    "plugins": {"entry_points": "none", "reload": {"drain_timeout": SECONDS}},
    # Of a service that nobody can reach.
    "management": {"token": ["the-operators-token"]},
    "lifecycle": {
        "initialize_timeout": SECONDS,
        "start_timeout": SECONDS,
        "stop_timeout": SECONDS,
        "retry_initial": 0.05,
    },
}


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Lay each of these over those before it, mappings into mappings."""
    both: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            known = both.get(key)
            if isinstance(known, Mapping) and isinstance(value, Mapping):
                both[key] = merged(known, value)
            else:
                both[key] = value
    return both
