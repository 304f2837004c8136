"""The workers of one service on one host: what is moved in one of them is moved in all."""

from __future__ import annotations

from .hands import Hands
from .here import Here, of_reload, of_status
from .message import Order, Standing, WorkerResult
from .notes import Noted, Scribe
from .workers import PATIENCE, Workers

__all__ = [
    "PATIENCE",
    "Hands",
    "Here",
    "Noted",
    "Order",
    "Scribe",
    "Standing",
    "WorkerResult",
    "Workers",
    "of_reload",
    "of_status",
]
