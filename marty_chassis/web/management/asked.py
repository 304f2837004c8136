"""One request, as the answers see it; and how models become answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import BaseModel
from starlette.datastructures import QueryParams
from starlette.responses import Response

from marty_chassis.web.problem import problem
from marty_hookspecs.web import Scope

from .access import Refusal, Role

if TYPE_CHECKING:
    from marty_chassis.events import EventBus
    from marty_chassis.hooks import HookManager
    from marty_chassis.web.workers import Workers

    from .audit import Audit
    from .exposition import Exposition
    from .gathering import Gathering
    from .health import Health
    from .journal import Journal
    from .overseer import Overseer
    from .together import Together


@dataclass(slots=True)
class Desk:
    """All that the answers are made from."""

    overseer: Overseer
    manager: HookManager
    bus: EventBus | None
    health: Health
    gathering: Gathering
    journal: Journal
    exposition: Exposition
    audit: Audit
    workers: Workers
    together: Together = field(init=False)
    opening: bool = False
    """Whether plugins are still starting for the first time."""
    draining: bool = False
    """Whether the service is about to leave."""
    reloads: dict[str, int] = field(default_factory=dict)
    """How often a new generation of each plugin has taken the place of another."""

    @property
    def ready(self) -> bool:
        """Whether requests are welcome."""
        overseer = self.overseer
        here = overseer.running and not self.opening and not self.draining
        return here and not overseer.missing

    def masked(self, text: str) -> str:
        """The text without the secrets of the configuration, which plugins may repeat."""
        return self.overseer.config.masked(text)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks what."""

    scope: Scope
    prefix: str
    paths: Sequence[str]
    """All that are answered here."""
    values: Mapping[str, str]
    """What stands in the places of the path's names."""
    role: Role | None = None
    refusal: Refusal | None = None
    """Why the caller is not known."""

    @property
    def plugin(self) -> str:
        """The name in the path, as it was written."""
        return self.values["name"]

    @property
    def headers(self) -> Sequence[tuple[bytes, bytes]]:
        """As the server has read them."""
        headers: Sequence[tuple[bytes, bytes]] = self.scope["headers"]
        return headers

    def header(self, name: bytes) -> str | None:
        """Give a header, lines of one name joined; `None` when there is none."""
        found = [value for key, value in self.headers if key.lower() == name]
        return b", ".join(found).decode("latin-1") if found else None

    @property
    def query(self) -> QueryParams:
        """What is behind the question mark."""
        return QueryParams(self.scope.get("query_string", b""))

    @property
    def client(self) -> str:
        """Where the request is from, as far as the server knows."""
        client = self.scope.get("client")
        return f"{client[0]}:{client[1]}" if client else "unknown"


def answer(
    desk: Desk,
    model: BaseModel,
    status: int = 200,
    *,
    media_type: str = "application/json",
    sparse: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Give the model as an answer that nobody caches, and no secret of the configuration in it.

    sparse: leave out what is null.
    """
    found = _masked(model.model_dump(mode="json", exclude_none=sparse), desk.masked)
    body = json.dumps(found, ensure_ascii=False).encode(errors="backslashreplace")
    return Response(body, status, {"cache-control": "no-store", **(headers or {})}, media_type)


def refused(refusal: Refusal) -> Response:
    """Give the answer of somebody who may not."""
    return problem(refusal.status, refusal.detail, type=refusal.type, headers=refusal.headers)


def _masked(value: object, masked: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {masked(key): _masked(item, masked) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, masked) for item in value]
    return value
