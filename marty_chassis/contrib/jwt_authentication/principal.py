"""Who asks, as a verified token says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from starlette.authentication import BaseUser


@dataclass(frozen=True)
class Principal(BaseUser):
    """Whoever a verified token was issued to: `request.user`, by Starlette's convention.

    The token itself is not kept. Claims are not shown by `repr`: they are somebody's data.
    """

    subject: str
    """`sub` of the token."""
    scopes: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    """Everything that the token says, read-only."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "claims", MappingProxyType(dict(self.claims)))

    @property
    def is_authenticated(self) -> bool:
        """Always: who has no token is Starlette's `UnauthenticatedUser`."""
        return True

    @property
    def display_name(self) -> str:
        """The subject."""
        return self.subject

    @property
    def identity(self) -> str:
        """The subject."""
        return self.subject
