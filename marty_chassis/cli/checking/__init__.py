"""`marty plugins check`: what is wrong with plugins, before anything runs in production."""

from __future__ import annotations

from .finding import Finding
from .rules import RULES, Rule

__all__ = ["RULES", "Finding", "Rule"]
