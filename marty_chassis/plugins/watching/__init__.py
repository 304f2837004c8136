"""Watching: what is changed on the disk is taken in by the running service. Needs watchfiles."""

from __future__ import annotations

from .watching import Watching, check_watchfiles

__all__ = ["Watching", "check_watchfiles"]
