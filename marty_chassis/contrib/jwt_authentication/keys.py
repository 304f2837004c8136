"""Keys that tokens are verified with, each bound to one algorithm. Needs PyJWT."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

import jwt
from jwt.algorithms import HMACAlgorithm, has_crypto, requires_cryptography

from marty_chassis.errors import MartyError, MissingExtra

from .settings import JwtSettings

_RSA_BITS: Final = range(2048, 8192 + 1)
"""Shorter ones are not safe, longer ones cost too much."""


class UnusableKey(MartyError):
    """A key of the section cannot be used; the text says why, and holds nothing of the key."""


class Keys(Protocol):
    """Where keys come from."""

    async def fitting(self, name: str | None, algorithm: str) -> Sequence[jwt.PyJWK]:
        """Give the keys that may have signed a token; raises `Refused` where there are none."""
        ...


class OwnKeys:
    """The keys of the section. They have no names: what a token calls its key means nothing."""

    def __init__(self, settings: JwtSettings) -> None:
        check_crypto(settings.jwt_algorithm)
        self._keys = (*_secrets(settings), *_public_keys(settings))

    async def fitting(self, name: str | None, algorithm: str) -> Sequence[jwt.PyJWK]:
        """Give those of the algorithm, in the order of the section."""
        return [key for key in self._keys if key.algorithm_name == algorithm]

    def __repr__(self) -> str:
        return f"<OwnKeys: {len(self._keys)}>"


class Hmac(HMACAlgorithm):
    """PyJWT's. It warns each time of a short secret, and we have done so once."""

    def check_key_length(self, key: bytes) -> None:
        """Say nothing."""


HMACS: Final[Mapping[str, Hmac]] = {
    "HS256": Hmac(Hmac.SHA256),
    "HS384": Hmac(Hmac.SHA384),
    "HS512": Hmac(Hmac.SHA512),
}


def check_crypto(algorithms: Iterable[str]) -> None:
    """Raise `MissingExtra` where an algorithm needs a library that is not installed."""
    for algorithm in algorithms:
        if algorithm in requires_cryptography and not has_crypto:
            raise MissingExtra(f"jwt_algorithm {algorithm}", "cryptography", "oidc")


def public_key(data: Mapping[str, Any], algorithm: str) -> jwt.PyJWK | None:
    """Give a public key for one algorithm; None where it is not for that, or not safe."""
    try:
        if not _is_meant(data, algorithm):
            return None
        key = jwt.PyJWK(dict(data), algorithm)
        prepared = key.Algorithm.prepare_key(key.key)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if key.key_type == "RSA" and prepared.key_size not in _RSA_BITS:
        return None
    return key


def _is_meant(data: Mapping[str, Any], algorithm: str) -> bool:
    """Whether a key says of itself that it verifies signatures of this algorithm, and is public."""
    return (
        isinstance(data.get("kid", ""), str)
        and data.get("use", "sig") == "sig"
        and data.get("alg", algorithm) == algorithm
        and "verify" in data.get("key_ops", ["verify"])
        and data.get("kty") != "oct"
        and "d" not in data
    )


def _secrets(settings: JwtSettings) -> Iterator[jwt.PyJWK]:
    for secret in settings.jwt_secret:
        octets = base64.urlsafe_b64encode(secret.get_secret_value().encode()).decode()
        for algorithm in settings.jwt_algorithm:
            key = jwt.PyJWK({"kty": "oct", "k": octets.rstrip("=")}, algorithm)
            key.Algorithm = HMACS[algorithm]
            try:
                key.Algorithm.prepare_key(key.key)
            except jwt.InvalidKeyError as error:
                raise UnusableKey(str(error).rstrip(".")) from None
            yield key


def _public_keys(settings: JwtSettings) -> Iterator[jwt.PyJWK]:
    for pem in settings.public_key:
        found = [key for one in settings.jwt_algorithm if (key := _of_pem(pem, one)) is not None]
        if not found:
            algorithms = ", ".join(settings.jwt_algorithm)
            raise UnusableKey(f"no key for {algorithms}, or an RSA key of less than 2048 bits")
        yield from found


def _of_pem(pem: str, algorithm: str) -> jwt.PyJWK | None:
    kind: Any = jwt.get_algorithm_by_name(algorithm)
    try:
        return public_key(kind.to_jwk(kind.prepare_key(pem), as_dict=True), algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
