"""Nothing that is called a secret, looks like one, or is known to be one, is written."""

from __future__ import annotations

import time

import pytest
from loguru import logger

from marty_chassis.contrib.structured_logging.secrets import Redaction

from .conftest import Host, Read, the

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqbyJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "db_password",
        "client_secret",
        "accessToken",
        "API_KEY",
        "apikey",
        "key",
        "signing-key",
        "privateKey",
        "credentials",
        "Authorization",
        "set-cookie",
        "session_cookie",
        "passphrase",
        "pwd",
    ],
)
def test_a_value_that_is_called_a_secret_is_masked(key: str) -> None:
    hides = Redaction(str).hides

    assert hides(key, "hunter2")
    assert hides(key, ["hunter2"])
    assert not hides(key, None)
    assert not hides(key, True)


@pytest.mark.parametrize(
    "key", ["user", "keyboard", "monkey", "passenger", "path", "spin", "bypass"]
)
def test_a_value_that_is_called_otherwise_is_not(key: str) -> None:
    assert not Redaction(str).hides(key, "text")


def test_a_number_is_a_secret_where_its_name_ends_so() -> None:
    hides = Redaction(str).hides

    assert hides("pin", 1234)
    assert hides("otp_token", 123456)
    assert not hides("token_expiry", 3600)
    assert not hides("cookie_count", 2)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc", "Authorization: ***"),
        ("sent {'authorization': 'Bearer abc12345'}", "sent {'authorization': '***'}"),
        ("with Bearer abcdefgh1", "with Bearer ***"),
        ("with basic dXNlcjpwYXNz=", "with basic ***"),
        (f"token {JWT} expired", "token *** expired"),
        ('"GET /x?token=abc&page=2 HTTP/1.1" 200', '"GET /x?token=***&page=2 HTTP/1.1" 200'),
        ("/x?key=abc", "/x?key=***"),
        ("User login: {'user': 'jo', 'password': 'it\\'s'}",
         "User login: {'user': 'jo', 'password': '***'}"),
        ('{"api_key": "a\\"b", "page": 2}', "{\"api_key\": '***', \"page\": 2}"),
        ("[(b'x-api-key', b'abc'), ('page', 'token')]", "[(b'x-api-key', '***'), ('page', 'token')]"),
        ("fields: ('user', 'password', 'page')", "fields: ('user', 'password', 'page')"),
        ("User(name='jo', password='a b')", "User(name='jo', password=***)"),
        ("cookie: a=b; c=d\nnext", "cookie: ***\nnext"),
        ("postgres://jo:hunter2@db/orders", "postgres://jo:***@db/orders"),
        ("https://jo@host/", "https://jo@host/"),
        ("Basic authentication failed: no token", "Basic authentication failed: no token"),
        ("the token has expired", "the token has expired"),
        ("sorted(key=len)", "sorted(key=len)"),
        ("secretary: jo", "secretary: jo"),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_masked_in_texts(text: str, shown: str) -> None:
    assert Redaction(str).text(text) == shown


@pytest.mark.parametrize(
    "text",
    ["a", "eyJ-", "token", "bearer ", 'key="', "'password': '", "token='", "://", "\\", "token = ",
     "cookie:", "api_key", "'token': '\\", "('token", "('"],
)  # fmt: skip
def test_no_text_of_a_stranger_takes_long(text: str) -> None:
    began = time.process_time()

    Redaction(str).text(text * (1_000_000 // len(text)))

    assert time.process_time() - began < 2, "it would be hours if it went back and forth"


async def test_what_the_configuration_knows_as_a_secret_is_masked_everywhere(
    logged: Host, read: Read
) -> None:
    settings = {"plugins": {"payments": {"api_key": "hunter2hunter2"}, "strict": False}}
    async with logged(settings=settings):
        try:
            raise ValueError("payments refused hunter2hunter2")
        except ValueError:
            logger.bind(detail="hunter2hunter2", deep={"er": ["hunter2hunter2"]}).exception(
                "with hunter2hunter2"
            )

    line = the(read(), "with ***")
    assert "hunter2" not in str(line)
    assert line["exception_message"] == "payments refused ***"


async def test_a_secret_that_comes_later_is_masked_from_then_on(logged: Host, read: Read) -> None:
    async with logged() as host:
        manager = host.chassis.plugin_manager
        section = {"plugins": {"payments": {"api_key": "a-new-secret"}}}
        manager.supervisor.configure(manager.config.changed(section))
        logger.info("with a-new-secret")

    assert the(read(), "with ***")


async def test_secrets_that_are_bound_are_masked(logged: Host, read: Read) -> None:
    async with logged():
        logger.bind(token=JWT, data={"password": "x", "list": [{"secret": 1, "a": JWT}]}).info("m")

    line = the(read(), "m")
    assert (line["token"], line["data.password"]) == ("***", "***")
    assert line["data.list"] == [{"secret": "***", "a": "***"}]
