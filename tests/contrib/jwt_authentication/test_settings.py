"""The section: what is refused, where it stands, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import indent

import pytest

from marty_chassis.contrib.jwt_authentication import JwtSettings
from marty_chassis.errors import InvalidConfiguration
from marty_chassis.settings import ChassisConfig

from .tokens import RSA, SECRET, public

Read = Callable[..., JwtSettings]
SAMPLE = """\
jwt_secret: "your-secret-key"
jwt_algorithm: "HS256"
token_expiry: 3600
"""


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read a section from a file, as `marty config check` does."""
    monkeypatch.chdir(tmp_path)

    def reading(text: str, environment: str = "production") -> JwtSettings:
        head = f"service: {{environment: {environment}}}\nplugins:\n  jwt-authentication:\n"
        Path("config.yaml").write_text(head + indent(text, "    "))
        config = ChassisConfig.from_file("config.yaml")
        return config.plugin_model("jwt-authentication", JwtSettings)

    return reading


def problems(read: Read, text: str, environment: str = "production") -> str:
    """What is said about a section."""
    with pytest.raises(InvalidConfiguration) as raised:
        read(text, environment)
    return "\n".join(str(one) for one in raised.value.problems)


def test_everything_is_guarded_where_nothing_is_said(read: Read) -> None:
    settings = read(f"jwt_secret: {SECRET}")

    assert settings.paths == ["/"]
    assert settings.exempt == []
    assert not settings.allow_preflight
    assert settings.jwt_algorithm == ["HS256"]
    assert (settings.token_expiry, settings.leeway, settings.token_limit) == (3600, 30, 8192)


def test_the_specifications_section_works_in_development(read: Read) -> None:
    settings = read(SAMPLE, "development")

    assert settings.jwt_secret[0].get_secret_value() == "your-secret-key"
    assert settings.short_secrets == [(15, 32)]


def test_a_short_secret_is_refused_elsewhere_with_what_to_do(read: Read) -> None:
    assert problems(read, SAMPLE) == (
        "config.yaml:4:17 plugins.jwt-authentication.jwt_secret: a secret of 15 bytes, of 32 that"
        " are needed (RFC 7518, 3.2). Make one: python -c"
        ' "import secrets; print(secrets.token_urlsafe(48))". Only in development, as under'
        " `marty dev`, it is forgiven."
    )


@pytest.mark.parametrize(("algorithm", "needed"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_is_as_long_as_the_hash(read: Read, algorithm: str, needed: int) -> None:
    section = f"jwt_algorithm: {algorithm}\njwt_secret: {{}}"

    assert read(section.format("x" * needed))
    assert read(section.format("é" * (needed // 2)))
    said = problems(read, section.format("x" * (needed - 1)))
    assert f"a secret of {needed - 1} bytes, of {needed} that are needed" in said


def test_each_secret_of_several_is_long_enough(read: Read) -> None:
    assert len(read(f"jwt_secret: [{SECRET}, {SECRET}2]").jwt_secret) == 2
    assert "a secret of 5 bytes" in problems(read, f"jwt_secret: [{SECRET}, short]")


def test_no_secret_is_not_forgiven_anywhere(read: Read) -> None:
    for environment in ("production", "development"):
        assert "a secret of 0 bytes" in problems(read, "jwt_secret: ''", environment)
        said = problems(read, "token_expiry: 60", environment)
        assert said.startswith(
            "config.yaml:3:3 plugins.jwt-authentication: jwt_secret is missing, so that no token"
            " can be verified. A secret is made by python -c"
        ), said
        assert "jwt_secret is missing" in problems(read, "jwt_secret: []", environment)


def test_without_any_section_it_is_said_what_is_missing() -> None:
    with pytest.raises(InvalidConfiguration, match="jwt_secret is missing"):
        ChassisConfig().plugin_model("jwt-authentication", JwtSettings)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("jwt_algorithm: none", "config.yaml:4:20 plugins.jwt-authentication.jwt_algorithm"),
        ("jwt_algorithm: hs256", "Input should be 'HS256'"),
        ("jwt_algorithm: []", "at least 1 item"),
        ("jwt_algorithm: [HS256, RS256]", "config.yaml:4:5 plugins.jwt-authentication.jwt_algo"),
        ("jwt_algorithm: [HS256, RS256]", "a public key would be taken for a secret"),
        ("jwt_algorithm: RS256", "public_key or jwks_url or oidc_issuer is missing"),
        (f"jwt_algorithm: RS256\njwt_secret: {SECRET}", "jwt_secret does not go with jwt_algorith"),
        ("jwks_url: https://id.example/keys", "jwks_url does not go with jwt_algorithm HS256"),
        (f"jwt_secret: {SECRET}\njwks_url: https://x/", "jwt_secret and jwks_url: only one of"),
        (
            "jwt_algorithm: RS256\npublic_key: abc",
            "must be PEM, with a line such as -----BEGIN PUB",
        ),
        ("jwt_algorithm: RS256\njwks_url: http://id.example/", "must begin with https://"),
        ("jwt_algorithm: RS256\njwks_url: http://127.0.0.1/", "must begin with https://"),
        ("jwt_algorithm: RS256\njwks_url: file:///etc/passwd", "must begin with https://"),
        ("jwt_algorithm: RS256\njwks_url: id.example/keys", "must begin with https://"),
        ("jwt_algorithm: RS256\njwks_url: 'https://[::1'", "no address"),
        ("jwt_algorithm: RS256\njwks_url: 'https://exa mple.com/x'", "neither spaces nor line"),
        ('jwt_algorithm: RS256\njwks_url: "https://example.com/x\\n"', "neither spaces nor line"),
        ("jwt_algorithm: RS256\njwks_url: https://x:99999/", "no address"),
        ("jwt_algorithm: RS256\njwks_url: https://a:b@id.example/", "neither user, password nor"),
        ("jwt_algorithm: RS256\noidc_issuer: http://id.example", "must begin with https://"),
        ("jwt_algorithm: RS256\noidc_issuer: https://x\nissuer: https://y", "write one of them"),
        (f"jwt_secret: {SECRET}\njwks_max_stale: 60", "must not be less than jwks_ttl"),
        ("token_expiry: 0", "greater than 0"),
        ("leeway: -1", "greater than or equal to 0"),
        ("leeway: 3000", "less than or equal to 300"),
        ("token_limit: 1000000", "less than or equal to 65536"),
        ("paths: []", "at least 1 item"),
        ("paths: admin", "must be a plain path"),
        ("paths: ['']", "must be a plain path"),
        ("paths: /admin/*", "must be a plain path"),
        ("paths: //admin", "must be a plain path"),
        ("exempt: [/x/../y]", "must be a plain path"),
        ("exempt: [/a%20b]", "must be a plain path"),
        ("exempt: [/a*]", "must be a plain path"),
        ("exempt: [/*/a]", "must be a plain path"),
        ("exempt: ['/a;b']", "must be a plain path"),
        ("exempt: ['/a?b']", "must be a plain path"),
        ("exempt: [/ﬁ]", "composed characters"),
        ("scopes: {/admin: ['']}", "must be one word of ASCII"),
        ("scopes: {/admin: 'a b'}", "several make a list, as in [orders:read, orders:write]"),
        ("scopes: {admin: [a]}", "must be a plain path"),
        ("realm: 'a\"b'", "must be printable ASCII without quotes"),
        ("realm: ''", "must be printable ASCII without quotes"),
        ("jwt_secret: 12345", "jwt_secret: must be a text: put it in quotes"),
        ("jwt_secrets: x", "an unknown key. Did you mean 'jwt_secret'?"),
    ],
)
def test_what_makes_no_sense_is_said_with_its_place(read: Read, section: str, words: str) -> None:
    assert words in problems(read, section)


def test_a_private_key_is_no_public_one_and_is_not_repeated(read: Read) -> None:
    pem = indent(RSA.as_pem(private=True).decode(), "  ")

    said = problems(read, f"jwt_algorithm: RS256\npublic_key: |\n{pem}")

    assert "config.yaml:5:17 plugins.jwt-authentication.public_key: a private key" in said
    assert pem.splitlines()[1].strip() not in said


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1.2.3"])
def test_in_development_keys_of_this_machine_need_no_https(read: Read, host: str) -> None:
    section = f"jwt_algorithm: RS256\njwks_url: http://{host}:9000/keys"

    assert read(section, "development").jwks_url == f"http://{host}:9000/keys"
    assert "must begin with https://" in problems(read, section)


@pytest.mark.parametrize(
    "host", ["id.example", "10.0.0.1", "localhost.example", "127.0.0.1.nip.io"]
)
def test_other_machines_need_it_everywhere(read: Read, host: str) -> None:
    section = f"jwt_algorithm: RS256\njwks_url: http://{host}/keys"

    assert "must begin with https://" in problems(read, section, "development")


def test_one_may_stand_for_a_list_of_one(read: Read) -> None:
    pem = indent(public(RSA), "  ")
    settings = read(
        f"jwt_algorithm: RS256\npublic_key: |\n{pem}\naudience: orders\n"
        "paths: /api/\nexempt: /api/health\nscopes: {/api/admin: admin}\n"
    )

    assert settings.public_key == [public(RSA)]
    assert settings.audience == ["orders"]
    assert (settings.paths, settings.exempt) == (["/api"], ["/api/health"])
    assert settings.scopes == {"/api/admin": ["admin"]}


def test_the_environment_is_the_place_for_secrets(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARTY_PLUGINS__JWT_AUTHENTICATION__JWT_SECRET", f'["{SECRET}", "short"]')

    said = problems(read, "token_expiry: 60")

    assert said.startswith(
        "env:MARTY_PLUGINS__JWT_AUTHENTICATION__JWT_SECRET plugins.jwt-authentic"
    )
    assert SECRET not in said


def test_every_key_says_what_it_is() -> None:
    for name, field in JwtSettings.model_fields.items():
        assert field.description, name
