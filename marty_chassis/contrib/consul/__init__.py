"""Services in Consul: this process registered there, and others found there. Extra: `consul`."""

from .plugin import Consul
from .settings import ConsulSettings

__all__ = ["Consul", "ConsulSettings"]
