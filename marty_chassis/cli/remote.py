"""A running service, asked through its management API; with the standard library alone."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import click

from marty_chassis.errors import NoService

from .session import Session
from .token import VARIABLE

if TYPE_CHECKING:
    from marty_chassis.settings import ServiceSettings

CONNECT = 10.0
"""Seconds to reach it."""
ANSWER = 600.0
"""Seconds for an answer: a plugin may take its time to start, and its old generation to drain."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What it said."""

    status: int
    data: dict[str, Any]

    @property
    def ok(self) -> bool:
        """Whether it did what was asked."""
        return self.status < 300

    @property
    def ours(self) -> bool:
        """Whether the management API has answered, and not the application."""
        return self.ok or str(self.data.get("type", "")).startswith("urn:marty:")


@dataclass(frozen=True, slots=True)
class Service:
    """Where it is, and who asks."""

    bases: tuple[str, ...]
    """What the paths may begin with: tried one after the other."""
    token: str = field(repr=False)

    @classmethod
    def told(cls, session: Session, url: str | None, token: str | None) -> Service:
        """Take what the line says, and the rest from the configuration."""
        if url is not None and token is not None and urlsplit(url).path.strip("/"):
            return cls((url.rstrip("/"),), token)
        config = session.load()
        management = config.management
        if token is None:
            if not management.token:
                raise click.UsageError(f"There is no token: use --token, or set {VARIABLE}.")
            token = management.token[0].get_secret_value()
        if url is None:
            url = f"http://{management.listen or _address(config.service)}"
        url = url.rstrip("/")
        if urlsplit(url).path:
            return cls((url,), token)
        # create_app() mounts the paths at the root, wrap() below the prefix.
        return cls(tuple(dict.fromkeys((f"{url}{management.prefix}", url))), token)

    def post(self, *path: str, **query: str) -> Answer:
        """Ask it to do something; raises `NoService` where nobody of ours answers."""
        steps = "".join(f"/{quote(step, safe='')}" for step in path)
        more = "&".join(f"{key}={quote(value)}" for key, value in query.items())
        end = f"{steps}?{more}" if more else steps
        status = 0
        for base in self.bases:
            answer = self._asked("POST", base, end)
            if answer.ours:
                return answer
            status = answer.status
        raise NoService(
            " or ".join(self.bases),
            f"it answers {status}, and not as the management API does",
            "Give --url with the prefix that it is served below.",
        )

    def _asked(self, method: str, base: str, end: str) -> Answer:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise click.UsageError(f"--url {base!r} is no http:// or https:// address.")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname, parts.port, timeout=CONNECT)
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/json",
            "Content-Length": "0",
        }
        try:
            connection.connect()
            connection.sock.settimeout(ANSWER)
            connection.request(method, f"{parts.path}{end}", headers=headers)
            with connection.getresponse() as response:
                return Answer(response.status, _read(response))
        except (OSError, HTTPException, ssl.SSLError, UnicodeError) as error:
            said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise NoService(base, said, "Is it running, and is this its address?") from error
        finally:
            connection.close()


def _address(service: ServiceSettings) -> str:
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    host = everywhere.get(service.host) or service.host
    return f"[{host}]:{service.port}" if ":" in host else f"{host}:{service.port}"


def _read(response: HTTPResponse) -> dict[str, Any]:
    try:
        data = json.loads(response.read())
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
