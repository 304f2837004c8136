"""Who asks, and whether they may: bearer tokens, and no request from another site."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from marty_chassis.settings import ManagementSettings

Headers = Iterable[tuple[bytes, bytes]]

MAKE_ONE = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Role(Enum):
    """What a caller may do."""

    VIEWER = "viewer"
    """Look."""
    OPERATOR = "operator"
    """Look, and move plugins."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered, as the caller may know it."""

    status: int
    type: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Tokens:
    """The configured tokens. They are not kept: only what recognises them is."""

    def __init__(self, settings: ManagementSettings) -> None:
        self._key = secrets.token_bytes(32)
        # Operators last: who is in both lists is one.
        self._known = tuple(
            (self._digest(token.get_secret_value().encode()), role)
            for role, tokens in (
                (Role.VIEWER, settings.viewer_token),
                (Role.OPERATOR, settings.token),
            )
            for token in tokens
        )

    def role(self, headers: Headers) -> Role | Refusal | None:
        """Give who presents a token, a refusal of one that is wrong, `None` when there is none."""
        given = [value for name, value in headers if name.lower() == b"authorization"]
        bearers = [token for token in map(_bearer, given) if token is not None]
        if not bearers:
            return None
        found: Role | None = None
        if len(given) == 1:
            digest = self._digest(bearers[0])
            # All are compared, whichever one it is: the time must tell nothing.
            for known, role in self._known:
                if hmac.compare_digest(known, digest):
                    found = role
        return found or (self._wrong() if self._known else self.missing())

    def missing(self) -> Refusal:
        """The refusal of a request without a token."""
        if self._known:
            return _unauthorized("token-needed", "Send `Authorization: Bearer <token>`.")
        return _unauthorized(
            "no-token-configured",
            "No management token is configured, so nobody is let in. Make one with"
            f" `{MAKE_ONE}`, set it as management.token in the configuration or as"
            " MARTY_MANAGEMENT__TOKEN in the environment, start the service again, and send"
            " `Authorization: Bearer <token>`.",
        )

    def _wrong(self) -> Refusal:
        return _unauthorized(
            "wrong-token",
            "The token is none of management.token and management.viewer_token.",
            ', error="invalid_token"',
        )

    def _digest(self, token: bytes) -> bytes:
        # Of one length whatever the token's, which compare_digest would tell.
        return hmac.digest(self._key, token, "sha256")

    def __repr__(self) -> str:
        return f"<Tokens: {len(self._known)} configured>"


FORBIDDEN = Refusal(
    403,
    "operator-needed",
    "A viewer's token may look and not move anything. Use one of management.token.",
    {"www-authenticate": 'Bearer realm="marty management", error="insufficient_scope"'},
)


def foreign(headers: Sequence[tuple[bytes, bytes]]) -> Refusal | None:
    """Refuse what a browser sends on behalf of another site; `None` for everything else."""
    by_name = {name.lower(): value.decode("latin-1") for name, value in headers}
    site = by_name.get(b"sec-fetch-site", "none").strip().lower()
    origin = by_name.get(b"origin")
    if site not in ("same-origin", "none"):
        return _cross_site(f"Sec-Fetch-Site is {site[:20]!r}")
    if origin is not None and not _same(origin, by_name.get(b"host", "")):
        return _cross_site("Origin is not the Host that was asked")
    return None


def _same(origin: str, host: str) -> bool:
    try:
        theirs, ours = urlsplit(origin), urlsplit(f"//{host}")
        default = _DEFAULT_PORTS[theirs.scheme]
        return bool(theirs.hostname) and (
            (theirs.hostname, theirs.port or default) == (ours.hostname, ours.port or default)
        )
    except (KeyError, ValueError):
        return False


def _bearer(value: bytes) -> bytes | None:
    scheme, _, token = value.strip().partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else None


def _unauthorized(type: str, detail: str, more: str = "") -> Refusal:
    challenge = f'Bearer realm="marty management"{more}'
    return Refusal(401, type, detail, {"www-authenticate": challenge})


def _cross_site(found: str) -> Refusal:
    return Refusal(
        403,
        "cross-site",
        f"{found}: plugins are not moved at the request of another site.",
    )
