"""What a client gets: RFC 6750 for whoever is refused, `request.user` for everybody else."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Guarded
from .tokens import SECRET, application, bearer, token

NO_TOKEN = 'Bearer realm="marty"'
INVALID_TOKEN = 'Bearer realm="marty", error="invalid_token"'
INVALID_REQUEST = 'Bearer realm="marty", error="invalid_request"'


async def test_who_has_a_valid_token_gets_in_and_is_known(guarded: Guarded) -> None:
    async with guarded() as host:
        answer = await host.client.get("/orders", headers=bearer(scope="read write"))

    assert answer.status_code == 200
    assert answer.json() == {"user": "ada", "scopes": ["authenticated", "read", "write"]}


async def test_who_has_none_is_told_how_to_come_back(guarded: Guarded) -> None:
    async with guarded(realm="orders") as host:
        answer = await host.client.get("/orders")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="orders"'
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "This needs a valid bearer token.",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"nbf": 2**40},
        {"iat": 2**40},
        {"sub": None},
        {"key": "another-secret-that-is-long-enough-too"},
        {"header": {"crit": ["x"], "x": "1"}},
        {"algorithm": "HS512"},
        {"padding": "x" * 10_000},
    ],
)
async def test_nobody_learns_what_is_wrong_with_a_token(
    guarded: Guarded, changes: dict[str, Any]
) -> None:
    async with guarded() as host:
        answers = [
            await host.client.get("/", headers={"authorization": f"Bearer {text}"})
            for text in (token(**changes), "garbage", f"{token()}x")
        ]

    assert {one.status_code for one in answers} == {401}
    assert {one.headers["www-authenticate"] for one in answers} == {INVALID_TOKEN}
    assert len({(one.content, tuple(one.headers.items())) for one in answers}) == 1


async def test_a_token_without_the_scope_is_not_enough(guarded: Guarded) -> None:
    async with guarded(scopes={"/admin": ["admin", "staff"]}) as host:
        for scope in (None, "admin", "administrator staff", "Admin staff"):
            answer = await host.client.get("/admin/users", headers=bearer(scope=scope))
            assert answer.status_code == 403
            assert answer.headers["www-authenticate"] == (
                'Bearer realm="marty", error="insufficient_scope", scope="admin staff"'
            )
            assert answer.json()["detail"] == "The token does not allow this."

        for said in ("staff admin", ["admin", "staff", "more"]):
            assert (await host.client.get("/admin", headers=bearer(scope=said))).status_code == 200
        assert (await host.client.get("/", headers=bearer())).status_code == 200
        assert (await host.client.get("/admin")).headers["www-authenticate"] == NO_TOKEN


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_is_read_in_any_case(guarded: Guarded, scheme: str) -> None:
    async with guarded() as host:
        answer = await host.client.get("/", headers={"authorization": f"{scheme} {token()}"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic YWRhOnB3", "Bearertoken", "Digest x", "Negotiate", SECRET]
)
async def test_other_schemes_are_no_credentials(guarded: Guarded, header: str) -> None:
    async with guarded() as host:
        answer = await host.client.get("/", headers={"authorization": header})

    malformed = header == "Bearer"
    assert answer.status_code == (400 if malformed else 401)
    assert answer.headers["www-authenticate"] == (INVALID_REQUEST if malformed else NO_TOKEN)


@pytest.mark.parametrize("written", ["Bearer {} {}", "Bearer {},{}", "Bearer {}, Bearer {}"])
async def test_two_tokens_in_one_header_are_a_malformed_request(
    guarded: Guarded, written: str
) -> None:
    async with guarded() as host:
        header = written.format(token(), token())
        answer = await host.client.get("/", headers={"authorization": header})

    assert answer.status_code == 400
    assert answer.headers["www-authenticate"] == INVALID_REQUEST
    assert answer.json()["title"] == "Bad Request"


async def test_a_repeated_header_is_a_malformed_request(guarded: Guarded) -> None:
    header = ("Authorization", f"Bearer {token()}")

    async with guarded() as host:
        answer = await host.client.get("/", headers=[header, header])

    assert answer.status_code == 400


async def test_a_token_counts_in_the_header_alone(guarded: Guarded) -> None:
    text = token()

    async with guarded() as host:
        host.client.cookies.set("access_token", text)
        answers = [
            await host.client.get(f"/?access_token={text}"),
            await host.client.get("/", headers={"x-access-token": text, "cookie": f"token={text}"}),
            await host.client.get("/", headers={"proxy-authorization": f"Bearer {text}"}),
            await host.client.post("/", data={"access_token": text}),
        ]

    assert {one.status_code for one in answers} == {401}


async def test_every_method_is_guarded(guarded: Guarded) -> None:
    app = application()

    async with guarded(app=app) as host:
        for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE", "QUERY", "get"):
            assert (await host.client.request(method, "/")).status_code == 401
        assert app.state.asked == 0


PREFLIGHT = {"origin": "https://shop.example", "access-control-request-method": "DELETE"}


async def test_a_preflight_needs_a_token_unless_the_section_says_otherwise(
    guarded: Guarded,
) -> None:
    async with guarded() as host:
        assert (await host.client.options("/", headers=PREFLIGHT)).status_code == 401

    async with guarded(allow_preflight=True) as host:
        allowed = await host.client.options("/", headers=PREFLIGHT)
        assert allowed.json() == {"user": "", "scopes": []}
        for name in PREFLIGHT:
            lacking = {key: value for key, value in PREFLIGHT.items() if key != name}
            assert (await host.client.options("/", headers=lacking)).status_code == 401
        assert (await host.client.get("/", headers=PREFLIGHT)).status_code == 401


async def test_where_nothing_is_needed_a_valid_token_still_says_who_asks(guarded: Guarded) -> None:
    async with guarded(exempt=["/open"]) as host:
        nobody = await host.client.get("/open")
        somebody = await host.client.get("/open", headers=bearer(scope="a"))
        with_rubbish = await host.client.get("/open", headers={"authorization": "Bearer rubbish"})
        expired = await host.client.get("/open", headers=bearer(exp=1))

    assert somebody.json() == {"user": "ada", "scopes": ["authenticated", "a"]}
    for answer in (nobody, with_rubbish, expired):
        assert answer.json() == {"user": "", "scopes": []}


async def test_nobody_can_pretend_to_be_somebody(guarded: Guarded) -> None:
    headers = {"x-user": "ada", "x-forwarded-user": "ada", "user": "ada", "remote-user": "ada"}

    async with guarded(exempt=["/open"]) as host:
        answer = await host.client.get("/open?user=ada", headers=headers)

    assert answer.json() == {"user": "", "scopes": []}
