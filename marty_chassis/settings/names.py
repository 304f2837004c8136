"""The names of plugins: one spelling for each, and the words that no plugin may take.

Imports nothing but the errors, so that whoever needs a name does not pay for pydantic.
"""

from __future__ import annotations

import re

from marty_chassis.errors import InvalidPluginName

__all__ = ["LATER", "RESERVED", "canonical", "folded"]

#: Keys of `plugins:` that belong to a later version: refused today, so that no plugin takes them.
LATER = frozenset({"isolation", "signing", "status", "metrics", "ui", "events"})

#: Every key of `plugins:` that is ours; any other key is a plugin's own section.
RESERVED = LATER | {
    "directories",
    "settings",
    "entry_points",
    "required",
    "disabled",
    "strict",
    "reload",
}

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", re.ASCII | re.IGNORECASE)
_SEPARATORS = re.compile(r"[-_.]+")


def canonical(name: str) -> str:
    """Give the one spelling of a plugin's name: `JWT_Authentication` is `jwt-authentication`.

    Folds as PEP 503 does. Raises InvalidPluginName for what cannot stand in an address or in the
    name of an environment variable, and for two underscores in a row, which separate keys there.
    Does not look at RESERVED.
    """
    if "__" in name or not _NAME.fullmatch(name):
        raise InvalidPluginName(name)
    return folded(name)


def folded(key: str) -> str:
    """Fold any key, valid as a name or not: case, and which separator, do not count."""
    return _SEPARATORS.sub("-", key).lower()
