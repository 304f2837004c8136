"""The section `jwt-authentication`: times in seconds, sizes in bytes; closed where nothing is said."""

from __future__ import annotations

import re
import unicodedata
from ipaddress import ip_address
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from marty_chassis.settings import ChassisConfig, Listed, Seconds, SettingsModel

Algorithm = Literal[
    "HS256", "HS384", "HS512",
    "RS256", "RS384", "RS512",
    "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512",
    "EdDSA",
]  # fmt: skip

SHORTEST: Final = {"HS256": 32, "HS384": 48, "HS512": 64}
"""Bytes of a secret, by RFC 7518, 3.2: as long as the hash."""
COMMAND: Final = 'python -c "import secrets; print(secrets.token_urlsafe(48))"'
"""Makes a secret that is long enough for each."""

_ODD: Final = re.compile(r"//|/\.{1,2}(/|$)|[%;?#*\\\x00-\x20\x7f]")


def _plain(value: str) -> str:
    if not value.startswith("/") or _ODD.search(value):
        raise PydanticCustomError("path", "must be a plain path, as in /admin")
    if unicodedata.normalize("NFKC", value) != value:
        raise PydanticCustomError("path", "must be written in composed characters (NFKC)")
    return value


def _path(value: str) -> str:
    return _plain(value).rstrip("/") or "/"


def _exempt(value: str) -> str:
    _plain(value[:-1] if value.endswith("/*") else value)
    return value


Path = Annotated[str, AfterValidator(_path)]
Exempt = Annotated[str, AfterValidator(_exempt)]
SCOPE: Final = r"[\x21\x23-\x5B\x5D-\x7E]+"
"""A scope, as RFC 6749, 3.3 has it."""
_REALM: Final = r"[\x20\x21\x23-\x5B\x5D-\x7E]+"


def _scope(value: str) -> str:
    if not re.fullmatch(SCOPE, value):
        raise PydanticCustomError(
            "scope",
            "must be one word of ASCII without quotes and backslashes, as in orders:write; several"
            " make a list, as in [orders:read, orders:write]",
        )
    return value


def _realm(value: str) -> str:
    if not re.fullmatch(_REALM, value):
        raise PydanticCustomError(
            "realm", "must be printable ASCII without quotes and backslashes, and not empty"
        )
    return value


Scope = Annotated[str, AfterValidator(_scope)]


class JwtSettings(SettingsModel):
    """Which tokens are believed, and what needs one."""

    jwt_algorithm: Listed[Algorithm] = Field(default=["HS256"], min_length=1)
    """algorithms of tokens, all with secrets (HS256) or all with public keys; the first one signs"""
    jwt_secret: Listed[SecretStr] = Field(default_factory=list)
    """secrets of HS algorithms: the first one signs, all verify, so that one can replace another"""
    public_key: Listed[str] = Field(default_factory=list)
    """public keys, PEM, of all other algorithms"""
    jwks_url: str | None = None
    """where public keys are published (a JWK Set), over https"""
    oidc_issuer: str | None = None
    """an OpenID provider, which says where its keys are; it is the issuer of all tokens then"""
    issuer: str | None = None
    """`iss` that a token must have, and that issued ones get"""
    audience: Listed[str] = Field(default_factory=list)
    """`aud`, of which a token must have one, and that issued ones get"""
    token_expiry: Seconds = 3600.0
    """seconds that an issued token is valid"""
    leeway: float = Field(default=30.0, ge=0, le=300)
    """seconds that clocks may differ"""
    paths: Listed[Path] = Field(default=["/"], min_length=1)
    """paths that need a token, each with all below it"""
    exempt: Listed[Exempt] = Field(default_factory=list)
    """paths that need none, though `paths` or `scopes` say so; `/static/*` is all below `/static/`"""
    scopes: dict[Path, Listed[Scope]] = Field(default_factory=dict)
    """scopes that a path, with all below it, needs besides"""
    scope_claim: str = Field(default="scope", min_length=1)
    """the claim with a token's scopes: a text with spaces between, or a list"""
    allow_preflight: bool = False
    """whether CORS preflights (OPTIONS with Origin and Access-Control-Request-Method) need none"""
    realm: Annotated[str, AfterValidator(_realm)] = "marty"
    """what the answer to whoever has no token calls this service"""
    token_limit: int = Field(default=8192, ge=256, le=65536)
    """bytes of a token, at most"""
    jwks_ttl: Seconds = 300.0
    """seconds after which published keys are fetched again"""
    jwks_cooldown: Seconds = 30.0
    """seconds between two fetches for an unknown key, and after one that failed"""
    jwks_max_stale: Seconds = 3600.0
    """seconds that keys are believed while they cannot be fetched; then nobody gets in"""
    jwks_timeout: Seconds = 5.0
    """seconds that a fetch may take"""

    @field_validator("jwt_algorithm")
    @classmethod
    def _algorithms_are_of_one_kind(cls, value: list[Algorithm]) -> list[Algorithm]:
        if len({one in SHORTEST for one in value}) > 1:
            raise PydanticCustomError(
                "algorithms",
                "HS algorithms, which use secrets, and those that use public keys never in one"
                " list: a public key would be taken for a secret",
            )
        return value

    @field_validator("jwt_secret")
    @classmethod
    def _secrets_are_long_enough(
        cls, value: list[SecretStr], info: ValidationInfo
    ) -> list[SecretStr]:
        needed = _shortest(info.data.get("jwt_algorithm", ()))
        least = 1 if in_development(info.context) else needed
        for secret in value:
            if (found := _length(secret)) < least:
                raise PydanticCustomError(
                    "short_secret",
                    "a secret of {found} bytes, of {needed} that are needed (RFC 7518, 3.2). Make"
                    " one: {command}. Only in development, as under `marty dev`, it is forgiven",
                    {"found": found, "needed": needed, "command": COMMAND},
                )
        return value

    @field_validator("public_key")
    @classmethod
    def _keys_are_public(cls, value: list[str]) -> list[str]:
        for key in value:
            if "PRIVATE KEY" in key:
                raise PydanticCustomError("private_key", "a private key; only public ones go here")
            if "-----BEGIN " not in key:
                raise PydanticCustomError(
                    "pem", "must be PEM, with a line such as -----BEGIN PUBLIC KEY-----"
                )
        return value

    @field_validator("jwks_url", "oidc_issuer")
    @classmethod
    def _addresses_are_safe(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and (why := objection(value, in_development(info.context))):
            raise PydanticCustomError("address", "{why}", {"why": why})
        return value

    @model_validator(mode="after")
    def _its_parts_fit(self) -> Self:
        keys = ("jwt_secret", "public_key", "jwks_url", "oidc_issuer")
        found = [name for name in keys if getattr(self, name)]
        fitting = keys[:1] if self.symmetric else keys[1:]
        if not found:
            raise PydanticCustomError(
                "no_key",
                "{missing} is missing, so that no token can be verified.{command}",
                {
                    "missing": " or ".join(fitting),
                    "command": f" A secret is made by {COMMAND}" if self.symmetric else "",
                },
            )
        if len(found) > 1:
            raise PydanticCustomError(
                "keys", "{found}: only one of them", {"found": " and ".join(found)}
            )
        if found[0] not in fitting:
            raise PydanticCustomError(
                "unfitting_key",
                "{found} does not go with jwt_algorithm {algorithm}, which needs {fitting}",
                {
                    "found": found[0],
                    "algorithm": ", ".join(self.jwt_algorithm),
                    "fitting": " or ".join(fitting),
                },
            )
        if self.jwks_max_stale < self.jwks_ttl:
            raise PydanticCustomError("stale", "jwks_max_stale must not be less than jwks_ttl")
        if self.oidc_issuer and self.issuer not in (None, self.oidc_issuer):
            raise PydanticCustomError("issuer", "issuer and oidc_issuer differ: write one of them")
        return self

    @property
    def symmetric(self) -> bool:
        """Whether tokens are signed with secrets, so that they can be issued here, too."""
        return self.jwt_algorithm[0] in SHORTEST

    @property
    def expected_issuer(self) -> str | None:
        """The issuer that a token must have, if any."""
        return self.issuer or self.oidc_issuer

    @property
    def published_at(self) -> str:
        """Where keys are published, to be shown: a query may hold what is nobody's business."""
        return without_query(self.jwks_url or self.oidc_issuer or "")

    @property
    def short_secrets(self) -> list[tuple[int, int]]:
        """The bytes of each secret that is too short for production, and those it should have."""
        needed = _shortest(self.jwt_algorithm)
        return [(_length(s), needed) for s in self.jwt_secret if _length(s) < needed]


def in_development(config: object) -> bool:
    """Whether a configuration says so; where there is none, it is production."""
    return isinstance(config, ChassisConfig) and config.service.environment == "development"


def _length(secret: SecretStr) -> int:
    """The bytes of a secret."""
    return len(secret.get_secret_value().encode())


def objection(url: str, development: bool) -> str:
    """Say why keys may not be fetched from an address; nothing where they may."""
    # First, as urlsplit leaves some of these out, and passes over others.
    if not url.isprintable() or " " in url:
        return "must hold neither spaces nor line breaks"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "no address"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "must hold neither user, password nor fragment"
    if parts.scheme == "https" and host:
        return ""
    if parts.scheme == "http" and development and _is_here(host):
        return ""
    return "must begin with https://, so that nobody can change the keys on their way"


def without_query(url: str) -> str:
    """Give an address as it may be shown."""
    return url.partition("?")[0]


def _shortest(algorithms: list[Algorithm] | tuple[()]) -> int:
    return max((SHORTEST.get(one, 1) for one in algorithms), default=1)


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
