"""States, the order of starting, one plugin's life, its ledger, and the supervisor of all."""

from .body import Body, Died, Maker
from .ledger import Entry, Ledger, Owners
from .needed import REQUEST_HOOKS
from .order import Need, Order, ordered
from .reloaded import Reloaded
from .state import State
from .status import Missing, Moved, PluginStatus
from .supervisor import Supervisor

__all__ = [
    "REQUEST_HOOKS",
    "Body",
    "Died",
    "Entry",
    "Ledger",
    "Maker",
    "Missing",
    "Moved",
    "Need",
    "Order",
    "Owners",
    "PluginStatus",
    "Reloaded",
    "State",
    "Supervisor",
    "ordered",
]
