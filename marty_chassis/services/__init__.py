"""The service registry: who is there, whose it is, and who is looking."""

from .answers import matches
from .entry import SERVICES, Entry
from .handle import Ledger, PluginServiceRegistry
from .registry import ServiceRegistry

__all__ = ["SERVICES", "Entry", "Ledger", "PluginServiceRegistry", "ServiceRegistry", "matches"]
