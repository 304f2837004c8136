"""Being registered elsewhere, and knowing who else is: what `consul` and `etcd` have in common.

No plugin itself. A plugin for another registry derives from `RegistryPlugin`, and brings a section
that derives from `RegistrySettings` and a `Backend`.
"""

from .backend import Away, Backend, Forgotten, Heard, Refused, Trouble
from .instance import Instance
from .plugin import RegistryPlugin
from .settings import RegistrySettings

__all__ = [
    "Away",
    "Backend",
    "Forgotten",
    "Heard",
    "Instance",
    "Refused",
    "RegistryPlugin",
    "RegistrySettings",
    "Trouble",
]
