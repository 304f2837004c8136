"""`marty`: the command line. What is imported here must not cost `marty --help` anything."""

from __future__ import annotations

from .entry import main

__all__ = ["main"]
