"""Services in etcd: this process registered there, and others found there. Extra: `etcd`."""

from .plugin import Etcd
from .settings import EtcdSettings

__all__ = ["Etcd", "EtcdSettings"]
