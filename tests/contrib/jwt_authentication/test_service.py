"""What other plugins, the registry and operators have of it."""

from __future__ import annotations

import sys
import time
from typing import Any

import anyio
import pytest
from joserfc import jwt as joserfc
from joserfc.jwk import OctKey

from marty_chassis.contrib.jwt_authentication import CannotIssue, Reason, Refused
from marty_chassis.errors import MissingExtra
from marty_chassis.plugins import IPlugin, plugin
from marty_hookspecs import service_pre_register

from .conftest import Guarded
from .tokens import RSA, SECRET, SECTION, bearer, public, token, verifying


@plugin(name="login", dependencies=["jwt-authentication"])
class Login(IPlugin):
    """Another plugin, which gives out tokens."""

    async def login(self, name: str, **more: Any) -> str:
        jwt: Any = self.context.plugins["jwt-authentication"]
        text: str = await jwt.issue(name, **more)
        return text

    async def whose(self, text: str) -> str:
        jwt: Any = self.context.plugins["jwt-authentication"]
        subject: str = (await jwt.verify(text)).subject
        return subject


async def test_another_plugin_issues_tokens_and_verifies_them(guarded: Guarded) -> None:
    host = guarded()
    host._neighbours.append(Login)

    async with host:
        login = host.chassis.plugins.get("login")
        text = await login.login("ada", scopes=["write", "read"])

        assert await login.whose(text) == "ada"
        answer = await host.client.get("/", headers={"authorization": f"Bearer {text}"})
        assert answer.json() == {"user": "ada", "scopes": ["authenticated", "read", "write"]}
        with pytest.raises(Refused) as refused:
            await login.whose(token(exp=1))
        assert refused.value.reason is Reason.EXPIRED
        assert str(refused.value) == "refused: the token has expired."


async def test_an_issued_token_is_read_by_another_library(guarded: Guarded) -> None:
    section = {**SECTION, "issuer": "https://id.example", "audience": "orders"}

    async with guarded(section, token_expiry=90) as host:
        text = await host.plugin.issue("ada", scopes="read", claims={"name": "Ada"})
        short = await host.plugin.issue("ada", expires_in=0.5)
        assert (await host.plugin.verify(text)).claims["name"] == "Ada"

    said = joserfc.decode(text, OctKey.import_key(SECRET), algorithms=["HS256"])
    assert said.header == {"alg": "HS256", "typ": "JWT"}
    claims = said.claims
    assert len(claims.pop("jti")) == 32
    assert abs(claims.pop("iat") - time.time()) < 60
    assert 0 < claims.pop("exp") - time.time() <= 90
    assert claims == {
        "sub": "ada",
        "iss": "https://id.example",
        "aud": "orders",
        "scope": "read",
        "name": "Ada",
    }
    brief = joserfc.decode(short, OctKey.import_key(SECRET), algorithms=["HS256"]).claims
    assert brief["exp"] - brief["iat"] == 1


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"subject": ""}, "no token can be issued: the subject is empty. Say whose token it is"),
        ({"expires_in": 0}, "it would last for 0 s. Give a number of seconds above 0."),
        ({"expires_in": -5}, "it would last for -5 s"),
        ({"expires_in": float("nan")}, "it would last for nan s"),
        ({"expires_in": float("inf")}, "it would last for inf s"),
        ({"scopes": ["read admin"]}, "'read admin' is no scope. A scope is one word."),
        ({"scopes": ["read", 'a"b']}, "is no scope"),
        ({"scopes": [""]}, "'' is no scope"),
        ({"claims": {"sub": "eve", "exp": 1}}, "claims has exp, sub. Those come from the argum"),
        ({"claims": {"scope": "admin"}}, "claims has scope"),
        ({"claims": {"aud": "x", "iss": "x"}}, "claims has aud, iss"),
        ({"claims": {"note": "x" * 9000}}, "token_limit is 8192. Give it fewer claims."),
    ],
)
def test_what_is_no_token_is_not_issued(asked: dict[str, Any], words: str) -> None:
    nothing: dict[str, Any] = {"subject": "ada", "scopes": (), "expires_in": None, "claims": {}}

    with pytest.raises(CannotIssue) as cannot:
        verifying().issued(**{**nothing, **asked})

    assert words in str(cannot.value)


async def test_who_has_a_public_key_only_issues_nothing(guarded: Guarded) -> None:
    async with guarded({"jwt_algorithm": "RS256", "public_key": public(RSA)}) as host:
        with pytest.raises(CannotIssue, match="there is a public key only"):
            await host.plugin.issue("ada")
        assert (await host.plugin.verify(token(RSA, "RS256"))).subject == "ada"


async def test_whatever_happens_to_tokens_is_an_event_without_the_token(guarded: Guarded) -> None:
    async with guarded(scopes={"/admin": ["admin"]}) as host:
        text = await host.plugin.issue("ada", scopes=["read"], expires_in=60)
        headers = {"authorization": f"Bearer {text}"}
        await host.client.get("/", headers=headers)
        await host.client.get("/admin/%0aINFO", headers=headers)
        await host.client.post("/orders", headers=bearer(exp=1))
        await host.client.get("/orders?token=secret")
        await host.events.wait_for("auth.refused", count=3)
        issued, *refused = [event.data for event in host.events.of("auth.*")]

    assert issued.keys() == {"subject", "scopes", "id", "expires"}
    assert (issued["subject"], issued["scopes"]) == ("ada", ["read"])
    common = {"client": "127.0.0.1", "path": "/orders"}
    assert refused == [
        {
            **common,
            "reason": "scope",
            "status": 403,
            "method": "GET",
            "path": "/admin/\nINFO",
            "subject": "ada",
            "needed": ["admin"],
        },
        {**common, "reason": "expired", "status": 401, "method": "POST"},
        {**common, "reason": "no_token", "status": 401, "method": "GET"},
    ]


async def test_who_listens_slowly_holds_up_nobody(guarded: Guarded) -> None:
    async with guarded(settings={"events": {"publish_timeout": 60}}) as host:
        go = anyio.Event()

        async def listen(event_data: Any) -> None:
            await go.wait()

        host.chassis.event_bus.subscribe("auth.refused", listen, mailbox=1)
        with anyio.fail_after(5):
            for _ in range(5):
                assert (await host.client.get("/")).status_code == 401
            await anyio.wait_all_tasks_blocked()
        figures = (await host.operator.get("/plugins/metrics")).json()
        go.set()

    own = figures["plugins"]["jwt-authentication"]["metrics"]
    assert 0 < own["auth_events_lost"] <= 4
    assert own["auth_refused_no_token"] == 5


async def test_it_counts_who_got_in_and_why_others_did_not(guarded: Guarded) -> None:
    async with guarded() as host:
        for headers in (bearer(), bearer(), bearer(exp=1), {}, bearer("x" * 40)):
            await host.client.get("/", headers=headers)
        shown = (await host.operator.get("/plugins/metrics")).json()

    own = shown["plugins"]["jwt-authentication"]["metrics"]
    counted = {name: value for name, value in own.items() if value}
    assert counted == {
        "auth_accepted": 2,
        "auth_refused_expired": 1,
        "auth_refused_no_token": 1,
        "auth_refused_signature": 1,
    }


async def test_the_registry_says_how_this_service_wants_to_be_asked(guarded: Guarded) -> None:
    async with guarded(issuer="https://id.example") as host:
        registry = host.chassis.service_registry
        (own,) = await registry.discover({"name": "plugin-host"})
        other = await host.ask(service_pre_register, {"name": "other", "id": "other-1"})
        again = await host.ask(service_pre_register, {"name": "plugin-host", "tags": ["blue"]})

    assert own["tags"] == ["auth:bearer"]
    assert own["meta"] == {"auth_scheme": "bearer", "auth_issuer": "https://id.example"}
    assert other == {"name": "other", "id": "other-1"}
    assert again["tags"] == ["blue", "auth:bearer"]


async def test_it_is_healthy_with_keys_of_its_own(guarded: Guarded) -> None:
    async with guarded() as host:
        health = (await host.operator.get("/plugins/jwt-authentication/health")).json()

    assert health["healthy"] is True
    assert SECRET not in str(health)


@pytest.mark.parametrize(
    ("missing", "section", "words"),
    [
        ("jwt", SECTION, "needs PyJWT, which is not installed. Install it with the extra"),
        (
            "httpx2",
            {"jwt_algorithm": "RS256", "jwks_url": "https://id.example/keys"},
            "with published keys needs httpx2",
        ),
    ],
)
async def test_a_library_that_is_missing_is_named_with_its_extra(
    guarded: Guarded,
    monkeypatch: pytest.MonkeyPatch,
    missing: str,
    section: dict[str, Any],
    words: str,
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)

    async with guarded(section, starts=False) as host:
        assert words in host.status().reason
        assert (await host.client.get("/", headers=bearer())).status_code == 503


def test_an_algorithm_that_needs_more_than_pyjwt_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from marty_chassis.contrib.jwt_authentication import keys

    monkeypatch.setattr(keys, "has_crypto", False)

    keys.check_crypto(["HS256"])
    with pytest.raises(MissingExtra, match=r"jwt_algorithm RS256 needs cryptography.*oidc"):
        keys.check_crypto(["RS256"])


async def test_in_production_it_is_said_once_what_is_not_looked_at(
    guarded: Guarded, log: list[str]
) -> None:
    async with guarded():
        pass
    async with guarded(issuer="https://id.example"):
        pass
    async with guarded(issuer="https://id.example", audience="orders"):
        pass

    warned = [line for line in log if line.startswith("WARNING")]
    assert [line.partition("that")[0] for line in warned] == [
        "WARNING plugins.jwt-authentication: no issuer and audience is set, so ",
        "WARNING plugins.jwt-authentication: no audience is set, so ",
    ]


async def test_in_development_a_short_secret_is_a_warning(guarded: Guarded, log: list[str]) -> None:
    settings = {"service": {"environment": "development"}}

    async with guarded({"jwt_secret": "your-secret-key"}, settings=settings) as host:
        text = await host.plugin.issue("ada")
        assert (await host.plugin.verify(text)).subject == "ada"

    (warned,) = [line for line in log if line.startswith("WARNING")]
    assert "a secret of 15 bytes, of 32 that are needed, is refused outside of dev" in warned
    assert "your-secret-key" not in warned


async def test_the_reason_is_in_the_log_and_cannot_write_lines_of_its_own(
    guarded: Guarded, log: list[str]
) -> None:
    async with guarded() as host:
        await host.client.get("/x%0d%0aINFO%20accepted", headers=bearer(exp=1))

    (line,) = [line for line in log if "refused" in line]
    assert line.strip() == (
        "INFO refused GET '/x\\r\\nINFO accepted': the token has expired"
        " {'plugin': 'jwt-authentication'}"
    )
