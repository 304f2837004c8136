"""What the workers ask of whoever moves plugins in this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .message import Order, Standing, WorkerResult


class Hands(Protocol):
    """Carries out here what is ordered elsewhere."""

    async def carry_out(self, order: Order) -> WorkerResult:
        """Do it, and say what has become of it; raises nothing."""
        ...

    def standing(self) -> dict[str, Standing]:
        """How every plugin stands here."""
        ...

    async def come_up(self, others: Mapping[str, Standing]) -> None:
        """Stand as the others do, before plugins start."""
        ...

    async def catch_up(self, others: Mapping[str, Standing]) -> None:
        """Stand as the others do, while plugins run."""
        ...
