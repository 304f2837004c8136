"""One request, as the answers see it; and how models become answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    from .audit import Audit
    from .exposition import Exposition
    from .health import Health
    from .journal import Journal
    from .overseer import Overseer


@dataclass(slots=True)
class Desk:
    """All that the answers are made from."""

    overseer: Overseer
    manager: HookManager
    bus: EventBus | None
    health: Health
    journal: Journal
    exposition: Exposition
    audit: Audit
    draining: bool = False
    """Whether the service is about to leave."""
    reloads: dict[str, int] = field(default_factory=dict)
    """How many reloads of each plugin went well."""

    @property
    def ready(self) -> bool:
        """Whether requests are welcome."""
        overseer = self.overseer
        return overseer.running and not overseer.missing and not self.draining


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
    model: BaseModel,
    status: int = 200,
    *,
    media_type: str = "application/json",
    sparse: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Give the model as an answer that nobody caches; `sparse` leaves out what is null at the top."""
    body = model.model_dump_json(exclude_none=sparse)
    return Response(body, status, {"cache-control": "no-store", **(headers or {})}, media_type)


def refused(refusal: Refusal) -> Response:
    """Give the answer of somebody who may not."""
    return problem(refusal.status, refusal.detail, type=refusal.type, headers=refusal.headers)
