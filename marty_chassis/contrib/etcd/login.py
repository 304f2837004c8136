"""Proving to etcd who this is: a token for every request, and a new one when it has run out."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import anyio
import httpx2

from marty_chassis.contrib.registry.http import reading, trouble

from .settings import EtcdSettings

PATH = "/v3/auth/authenticate"
OVER = ("invalid auth token", "revision of auth store is old", "user name is empty")
"""What etcd says of a token that it does not take any more."""


class Login(httpx2.Auth):
    """Nothing where no user is configured. Neither password nor token is in anything shown."""

    def __init__(self, settings: EtcdSettings) -> None:
        self._user = settings.username
        self._password = settings.password
        self._url = httpx2.URL(f"{settings.address}{PATH}")
        self._token: str | None = None
        self._turn = anyio.Lock()

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Add the token; once more with a new one, if it has run out."""
        if self._user is None or self._password is None:
            yield request
            return
        for last in (False, True):
            # Checking a password costs etcd much: one asks for all who want a token now.
            async with self._turn:
                if (token := self._token) is None:
                    answer = yield self._question(self._user, self._password.get_secret_value())
                    await answer.aread()
                    if answer.status_code >= 400:
                        raise trouble(f"POST {PATH}", answer.status_code, answer.text)
                    with reading(f"POST {PATH}"):
                        token = str(answer.json()["token"])
                        if not (token.isascii() and token.isprintable()):
                            raise ValueError("the token fits into no header")
                        self._token = token
            request.headers["Authorization"] = token
            response = yield request
            if last or response.status_code not in (400, 401):
                return
            await response.aread()
            if not any(words in response.text for words in OVER):
                return
            if self._token == token:
                self._token = None

    def _question(self, user: str, password: str) -> httpx2.Request:
        return httpx2.Request("POST", self._url, json={"name": user, "password": password})
