"""Tokens are verified, and issued. Needs PyJWT."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import jwt

from .keys import HMACS, Keys
from .principal import Principal
from .refused import CannotIssue, Reason, Refused
from .settings import SCOPE, JwtSettings

if TYPE_CHECKING:
    from jwt.types import Options

_REASONS: Final[tuple[tuple[type[jwt.PyJWTError], Reason], ...]] = (
    (jwt.InvalidSignatureError, Reason.SIGNATURE),
    (jwt.InvalidAlgorithmError, Reason.ALGORITHM),
    (jwt.ExpiredSignatureError, Reason.EXPIRED),
    (jwt.ImmatureSignatureError, Reason.EARLY),
    (jwt.InvalidIssuerError, Reason.ISSUER),
    (jwt.InvalidAudienceError, Reason.AUDIENCE),
    (jwt.PyJWTError, Reason.CLAIMS),
)
_BROKEN: Final = (ValueError, TypeError, ArithmeticError, RecursionError)
"""What a library may raise over nonsense besides its own errors."""


class Tokens:
    """Verifies tokens as the section says, and issues those that would pass here."""

    def __init__(self, settings: JwtSettings, keys: Keys) -> None:
        self._settings = settings
        self._keys = keys
        self._algorithms = frozenset[str](settings.jwt_algorithm)
        required = ["exp", "iat", "sub"]
        required += ["iss"] if settings.expected_issuer else []
        required += ["aud"] if settings.audience else []
        self._options: dict[str, Any] = {
            "require": required,
            # Without a configured audience any will do, as with the issuer.
            "verify_aud": bool(settings.audience),
        }
        self._signing = jwt.PyJWS(algorithms=[])
        for name, algorithm in HMACS.items():
            self._signing.register_algorithm(name, algorithm)

    async def verified(self, token: str) -> Principal:
        """Give who the token was issued to; raises `Refused`."""
        if len(token) > self._settings.token_limit:
            raise Refused(Reason.LENGTH)
        name, algorithm = self._header(token)
        reason = Reason.KEY
        for key in await self._keys.fitting(name, algorithm):
            try:
                return self._principal(self._claims(token, key))
            except Refused as error:
                reason = error.reason
                if reason is not Reason.SIGNATURE:
                    break
        raise Refused(reason)

    def issued(
        self,
        subject: str,
        scopes: Iterable[str],
        expires_in: float | None,
        claims: Mapping[str, object],
    ) -> tuple[str, dict[str, Any]]:
        """Give a new token and its claims; raises `CannotIssue`."""
        settings = self._settings
        if not settings.symmetric:
            raise CannotIssue(
                "there is a public key only", "Whoever has the private one issues tokens."
            )
        if not subject:
            raise CannotIssue("the subject is empty", "Say whose token it is to be.")
        now = int(time.time())
        lasting = settings.token_expiry if expires_in is None else expires_in
        if not 0 < lasting < 2**31:
            raise CannotIssue(
                f"it would last for {lasting:g} s", "Give a number of seconds above 0."
            )
        ours: dict[str, Any] = {
            "sub": subject,
            "iat": now,
            "exp": now + max(1, int(lasting)),
            "jti": secrets.token_hex(16),
        }
        if settings.expected_issuer:
            ours["iss"] = settings.expected_issuer
        if settings.audience:
            one = len(settings.audience) == 1
            ours["aud"] = settings.audience[0] if one else settings.audience
        wanted = sorted({*(scopes.split() if isinstance(scopes, str) else scopes)})
        if odd := [scope for scope in wanted if not re.fullmatch(SCOPE, scope)]:
            raise CannotIssue(f"{odd[0]!r} is no scope", "A scope is one word.")
        if wanted:
            ours[settings.scope_claim] = " ".join(wanted)
        if taken := sorted(claims.keys() & {*ours, "iss", "aud", settings.scope_claim}):
            raise CannotIssue(
                f"claims has {', '.join(taken)}", "Those come from the arguments and the section."
            )
        ours.update(claims)
        payload = json.dumps(ours, separators=(",", ":")).encode()
        secret = settings.jwt_secret[0].get_secret_value()
        token = self._signing.encode(payload, secret, settings.jwt_algorithm[0])
        if len(token) > settings.token_limit:
            raise CannotIssue(
                f"it would have {len(token)} bytes, and token_limit is {settings.token_limit}",
                "Give it fewer claims.",
            )
        return token, ours

    def _header(self, token: str) -> tuple[str | None, str]:
        """The name of the key and the algorithm, as far as both may be believed."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise Refused(Reason.CRITICAL if "crit" in str(error) else Reason.FORM) from None
        except _BROKEN:
            raise Refused(Reason.FORM) from None
        if "crit" in header or "b64" in header:
            raise Refused(Reason.CRITICAL)
        name, algorithm = header.get("kid"), header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise Refused(Reason.ALGORITHM)
        if not isinstance(name, str | None):
            raise Refused(Reason.FORM)
        return name, algorithm

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        settings = self._settings
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                options=cast("Options", self._options),
                issuer=settings.expected_issuer,
                audience=settings.audience or None,
                leeway=settings.leeway,
            )
        except jwt.PyJWTError as error:
            reason = next(reason for kind, reason in _REASONS if isinstance(error, kind))
            raise Refused(reason) from None
        except _BROKEN:
            raise Refused(Reason.CLAIMS) from None

    def _principal(self, claims: dict[str, Any]) -> Principal:
        said = claims.get(self._settings.scope_claim, "")
        scopes = said.split() if isinstance(said, str) else said
        if not isinstance(scopes, list) or not all(isinstance(one, str) for one in scopes):
            raise Refused(Reason.CLAIMS)
        if not claims["sub"]:
            raise Refused(Reason.CLAIMS)
        return Principal(claims["sub"], frozenset(scopes), claims)

    def __repr__(self) -> str:
        return f"<Tokens: {', '.join(sorted(self._algorithms))}>"
