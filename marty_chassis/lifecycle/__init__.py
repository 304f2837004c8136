"""States, the order of starting, one plugin's life, its ledger, and the supervisor of all."""

from .body import Body, Died, Maker
from .leaks import Leak
from .ledger import Entry, Ledger, Owners
from .needed import REQUEST_HOOKS
from .order import Need, Order, ordered
from .reloaded import Reloaded
from .state import State
from .status import GenerationStatus, Missing, Moved, PluginStatus, Remains
from .supervisor import Supervisor
from .survivors import Survivor

__all__ = [
    "REQUEST_HOOKS",
    "Body",
    "Died",
    "Entry",
    "GenerationStatus",
    "Leak",
    "Ledger",
    "Maker",
    "Missing",
    "Moved",
    "Need",
    "Order",
    "Owners",
    "PluginStatus",
    "Reloaded",
    "Remains",
    "State",
    "Supervisor",
    "Survivor",
    "ordered",
]
