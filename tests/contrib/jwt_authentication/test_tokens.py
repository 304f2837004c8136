"""Which tokens are believed: made by another library, and by whoever attacks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marty_chassis.contrib.jwt_authentication import Principal, Reason, Refused
from marty_chassis.contrib.jwt_authentication.keys import UnusableKey

from .tokens import EC, ED, RSA, RSA_2, SECRET, claims, public, token, verifying

OTHER = "another-secret-that-is-long-enough-too-for-all-of-the-hs-algorithms"


async def refusal(text: str, **section: Any) -> Reason:
    """Why a token is refused."""
    with pytest.raises(Refused) as refused:
        await verifying(**section).verified(text)
    return refused.value.reason


def forged(header: Any, said: Any, signature: bytes = b"") -> str:
    """A token of any parts."""
    parts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in (header, said)]
    return ".".join(encoded(one) for one in (*parts, signature))


def encoded(part: bytes) -> str:
    """As a part of a token is written."""
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


KINDS: list[tuple[str, Any, dict[str, Any]]] = [
    *[(name, SECRET, {"jwt_secret": SECRET}) for name in ("HS256", "HS384", "HS512")],
    *[(name, RSA, {"public_key": public(RSA)}) for name in ("RS256", "RS512", "PS256", "PS384")],
    ("ES256", EC, {"public_key": public(EC)}),
    ("EdDSA", ED, {"public_key": public(ED)}),
]


@pytest.mark.parametrize(("algorithm", "key", "section"), KINDS, ids=[one[0] for one in KINDS])
async def test_a_token_of_another_library_is_read(
    algorithm: str, key: Any, section: dict[str, Any]
) -> None:
    text = token(key, algorithm, scope="read write", name="Ada")

    principal = await verifying(jwt_algorithm=algorithm, **section).verified(text)

    assert principal.subject == principal.identity == principal.display_name == "ada"
    assert principal.is_authenticated
    assert principal.scopes == {"read", "write"}
    assert principal.claims["name"] == "Ada"


async def test_a_principal_cannot_be_changed_and_does_not_show_what_it_claims() -> None:
    text = token(email="ada@example.org")

    principal = await verifying().verified(text)

    assert repr(principal) == "Principal(subject='ada', scopes=frozenset())"
    assert hash(principal) == hash(Principal("ada"))
    with pytest.raises(AttributeError):
        principal.subject = "eve"  # type: ignore[misc]
    with pytest.raises(TypeError):
        principal.claims["email"] = "eve"  # type: ignore[index]
    assert text.rpartition(".")[2] not in str(vars(principal))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key": OTHER}, Reason.SIGNATURE),
        ({"exp": int(time.time()) - 31}, Reason.EXPIRED),
        ({"exp": 0}, Reason.EXPIRED),
        ({"nbf": 2**33}, Reason.EARLY),
        ({"iat": 2**33}, Reason.EARLY),
        ({"exp": None}, Reason.CLAIMS),
        ({"iat": None}, Reason.CLAIMS),
        ({"sub": None}, Reason.CLAIMS),
        ({"sub": ""}, Reason.CLAIMS),
        ({"scope": 7}, Reason.CLAIMS),
        ({"scope": [7]}, Reason.CLAIMS),
        ({"scope": {"a": 1}}, Reason.CLAIMS),
        ({"algorithm": "HS384"}, Reason.ALGORITHM),
        ({"key": RSA, "algorithm": "RS256"}, Reason.ALGORITHM),
        ({"header": {"crit": ["exp"], "exp": "1"}}, Reason.CRITICAL),
        ({"header": {"crit": ["b64"], "b64": "x"}}, Reason.CRITICAL),
        ({"padding": "x" * 7500}, Reason.LENGTH),
    ],
)
async def test_a_token_that_is_not_right_is_refused(
    changes: dict[str, Any], reason: Reason
) -> None:
    assert await refusal(token(**changes)) is reason


async def test_clocks_may_differ_by_the_leeway() -> None:
    now = int(time.time())

    await verifying().verified(token(exp=now - 20, nbf=now + 20, iat=now + 20))

    assert await refusal(token(exp=now - 20), jwt_secret=SECRET, leeway=5) is Reason.EXPIRED


async def test_the_issuer_and_the_audience_are_those_of_the_section() -> None:
    section = {"jwt_secret": SECRET, "issuer": "https://id.example", "audience": ["orders", "all"]}
    right: dict[str, Any] = {"iss": "https://id.example", "aud": "orders"}

    await verifying(**section).verified(token(**right))
    await verifying(**section).verified(token(**{**right, "aud": ["x", "all"]}))

    for said, reason in {
        "iss": Reason.ISSUER,
        "aud": Reason.AUDIENCE,
    }.items():
        assert await refusal(token(**{**right, said: "else"}), **section) is reason
        assert await refusal(token(**{**right, said: ["else"]}), **section) is reason
        assert await refusal(token(**{**right, said: None}), **section) is Reason.CLAIMS
    assert await refusal(token(**{**right, "aud": ["x"]}), **section) is Reason.AUDIENCE
    assert await refusal(token(**{**right, "aud": []}), **section) is Reason.CLAIMS


async def test_without_a_configured_audience_any_is_accepted() -> None:
    principal = await verifying().verified(token(aud=["somebody"], iss="somebody"))

    assert principal.claims["aud"] == ["somebody"]


@pytest.mark.parametrize("name", ["none", "nonE", "NONE", "nOnE", "", None, 0, [], ["HS256"], {}])
async def test_a_token_without_a_signature_is_none(name: Any) -> None:
    for signature in (b"", b"x", hmac.digest(SECRET.encode(), b"", "sha256")):
        text = forged({"alg": name, "typ": "JWT"}, claims(), signature)
        assert await refusal(text) is Reason.ALGORITHM


KEYS = {"pem": public(RSA), "stripped": public(RSA).strip(), "hex": public(RSA).encode().hex()}


@pytest.mark.parametrize("written", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("named", ["HS256", "HS512"])
async def test_a_public_key_is_no_secret(written: str, named: str) -> None:
    """Algorithm confusion: everybody knows the key, and signs with it as if it were a secret."""
    start = forged({"alg": named, "typ": "JWT"}, claims()).rpartition(".")[0]
    digest = hashlib.sha256 if named == "HS256" else hashlib.sha512
    keys = [written.encode(), public(RSA).encode(), public(RSA).encode().rstrip()]
    signed = [f"{start}.{encoded(hmac.new(key, start.encode(), digest).digest())}" for key in keys]

    section = {"jwt_algorithm": ["RS256", "PS256"], "public_key": public(RSA)}

    for text in signed:
        assert await refusal(text, **section) is Reason.ALGORITHM


async def test_an_algorithm_is_verified_with_a_key_of_its_own_kind_only() -> None:
    section = {
        "jwt_algorithm": ["RS256", "ES256", "EdDSA"],
        "public_key": [public(RSA), public(EC), public(ED)],
    }

    for key, algorithm in ((RSA, "RS256"), (EC, "ES256"), (ED, "EdDSA")):
        assert await verifying(**section).verified(token(key, algorithm))
    assert await refusal(token(RSA_2, "RS256"), **section) is Reason.SIGNATURE
    assert await refusal(token(RSA, "PS256"), **section) is Reason.ALGORITHM


async def test_secrets_can_be_replaced_one_by_one() -> None:
    both = {"jwt_secret": [OTHER, SECRET]}

    assert (await verifying(**both).verified(token(SECRET))).subject == "ada"
    assert (await verifying(**both).verified(token(OTHER))).subject == "ada"
    text, _ = verifying(**both).issued("ada", (), None, {})

    assert await verifying(jwt_secret=OTHER).verified(text)
    assert await refusal(text, jwt_secret=SECRET) is Reason.SIGNATURE


async def test_what_a_token_calls_its_key_means_nothing_where_keys_have_no_names() -> None:
    for name in ("x", "../../../etc/passwd", "' or 1=1 --", "http://evil.example/jwks"):
        more = {"kid": name, "jku": "http://evil.example/", "x5u": "http://evil.example/"}
        assert await verifying().verified(token(header=more))


async def test_a_key_that_a_token_brings_along_is_not_believed() -> None:
    header = {"alg": "RS256", "jwk": RSA_2.as_dict(private=False)}
    text = token(RSA_2, "RS256", header={"jwk": header["jwk"]})

    assert await refusal(text, jwt_algorithm="RS256", public_key=public(RSA)) is Reason.SIGNATURE


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"alg": "HS256"}, b"{}"),
        ({"alg": "HS256"}, b"[]"),
        ({"alg": "HS256"}, b'"text"'),
        ({"alg": "HS256"}, b"null"),
        ({"alg": "HS256"}, b"\xff\xfe"),
        ({"alg": "HS256"}, b'{"sub": "ada", "iat": 1e400, "exp": 1e400}'),
        ({"alg": "HS256"}, b'{"sub": "ada", "iat": NaN, "exp": Infinity}'),
        ({"alg": "HS256"}, b'{"sub": "ada", "iat": [], "exp": {}}'),
        ({"alg": "HS256"}, b'{"sub": ["ada"], "iat": 1, "exp": 9999999999}'),
        ({"alg": "HS256"}, b'{"sub": 7, "iat": 1, "exp": 9999999999}'),
        ({"alg": "HS256"}, b'{"sub": "ada", "iat": true, "exp": "soon"}'),
        ({"alg": "HS256"}, b"[" * 5000),
        ({"alg": "HS256"}, b'{"a":' * 900),
        ({"alg": "HS256"}, b'{"sub": "ada", "iat": 1, "exp": ' + b"9" * 4400 + b"}"),
        (b"[" * 5000, b"{}"),
        (b'{"alg":' * 700, b"{}"),
        (b"\xff", b"{}"),
        (b"7", b"{}"),
        ({"alg": "HS256", "kid": 7}, b"{}"),
        ({"alg": "HS256", "kid": ["a"]}, b"{}"),
        ({"alg": "HS256", "crit": 7}, b"{}"),
        ({"alg": "HS256", "crit": []}, b"{}"),
        ({"alg": "HS256", "b64": False}, b""),
        ({"alg": "HS256", "b64": False, "crit": ["b64"]}, b""),
    ],
)
async def test_nonsense_is_refused_even_when_it_is_signed(header: Any, said: bytes) -> None:
    start = forged(header, said).rpartition(".")[0]
    signature = hmac.digest(SECRET.encode(), start.encode(), "sha256")

    assert (await refusal(f"{start}.{encoded(signature)}")).status == 401


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=300), st.from_regex(r"[A-Za-z0-9_-]*(\.[A-Za-z0-9_=-]*){0,4}")))
async def test_garbage_is_refused(text: str) -> None:
    assert (await refusal(text)).status == 401


@settings(max_examples=150, deadline=None)
@given(st.data())
async def test_a_token_with_one_character_changed_is_refused(data: st.DataObject) -> None:
    text = token()
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="ascii").filter(lambda one: one != text[place]))

    assert (await refusal(f"{text[:place]}{letter}{text[place + 1 :]}")).status == 401


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"jwt_secret": public(RSA)}, "asymmetric key"),
        ({"jwt_secret": json.dumps({"kty": "oct", "k": "x" * 40})}, "JWK"),
        ({"jwt_algorithm": "ES256", "public_key": public(RSA)}, "no key for ES256"),
        ({"jwt_algorithm": "RS256", "public_key": public(EC)}, "no key for RS256"),
        (
            {"jwt_algorithm": "RS256", "public_key": "-----BEGIN PUBLIC KEY-----\nx\n"},
            "no key for RS256",
        ),
    ],
)
def test_a_key_that_cannot_be_one_is_an_error(section: dict[str, Any], words: str) -> None:
    with pytest.raises(UnusableKey, match=words):
        verifying(**section)


def test_a_short_rsa_key_is_not_safe() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    short = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    pem = short.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    with pytest.raises(UnusableKey, match="less than 2048 bits"):
        verifying(jwt_algorithm="RS256", public_key=pem.decode())
