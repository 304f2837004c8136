"""The management API: what is loaded, how it is, why it failed, and moving it."""

from .app import Management
from .front import Front
from .health import Health
from .overseer import Overseer

__all__ = ["Front", "Health", "Management", "Overseer"]
