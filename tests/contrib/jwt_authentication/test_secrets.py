"""Secrets and tokens are said nowhere: no log, no traceback, no repr, no API, no event."""

from __future__ import annotations

import json

import pytest

from marty_chassis.contrib.jwt_authentication import authentication
from marty_chassis.contrib.jwt_authentication import tokens as tokens_of_ours

from .conftest import Guarded
from .tokens import SECRET, bearer, verifying

SHOWN = ("/plugins/status", "/plugins/jwt-authentication", "/plugins/metrics", "/extension-points")


async def test_whatever_happens_no_secret_and_no_token_is_said(
    guarded: Guarded, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    tokens: list[str] = []

    async with guarded(scopes={"/admin": ["admin"]}) as host:
        plugin, context = host.plugin, host.context
        tokens.append(await plugin.issue("ada"))
        for headers in (bearer(), bearer(exp=1), bearer("x" * 40), bearer(scope="admin")):
            for path in ("/", "/admin"):
                answer = await host.client.get(path, headers=headers)
                said += [answer.text, str(answer.headers)]
            tokens.append(headers["authorization"].removeprefix("Bearer "))

        with monkeypatch.context() as patched:
            crashing = crash_with(plugin._settings.jwt_secret[0].get_secret_value())
            patched.setattr(tokens_of_ours.Tokens, "_principal", crashing)
            patched.setattr(authentication, "bearer_token", lambda *_: tokens[0])
            assert (await host.client.get("/", headers=bearer())).status_code == 500
        await host.reload(jwt_secret=f"{SECRET} and more", token_expiry=-1)

        for path in SHOWN:
            said.append((await host.operator.get(path)).text)
        said += [repr(one) for one in (plugin, plugin._settings, plugin._tokens, context)]
        said += [str(plugin._settings), str(context.config), json.dumps(context.config.show())]
        said += [repr(vars(plugin)), repr(host.events.events), str(plugin._tokens._keys)]
        said += [repr(fault) for fault in host.chassis.faults.recent("jwt-authentication")]

    everything = "\n".join([*said, *log])
    assert SECRET not in everything
    assert "ada" in everything  # it was looked for in the right places
    for token in tokens:
        assert token not in everything
        assert token.rpartition(".")[2] not in everything


def crash_with(secret: str) -> object:
    """A mistake with the secret in its words, and in its frames."""

    def crash(self: object, claims: object) -> object:
        local = secret
        raise ValueError(f"what about {local}?")

    return crash


def test_nothing_that_holds_a_secret_shows_it() -> None:
    made = verifying()

    assert SECRET not in f"{made!r} {made._keys!r} {made._settings!r}"
    assert SECRET not in made._settings.model_dump_json()
