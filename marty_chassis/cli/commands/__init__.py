"""The commands of `marty`, one file each, imported when they are called."""

from __future__ import annotations

__all__: list[str] = []
