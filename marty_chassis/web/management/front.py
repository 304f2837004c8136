"""From a request to its answer: who asks, what is there, and whether they may."""

from __future__ import annotations

from loguru import logger

from marty_chassis.boundary.words import traceback_of
from marty_chassis.errors import did_you_mean
from marty_chassis.web.paths import route_path
from marty_chassis.web.problem import problem
from marty_hookspecs.web import ASGIApp, Message, Receive, Scope, Send

from .access import Refusal, Role, Tokens
from .asked import Asked, Desk, refused
from .endpoint import Endpoint, Need
from .endpoints import document_of
from .paths import Paths, Place


class Front:
    """Answers below one prefix. An ASGI application that handles what it says it answers."""

    def __init__(self, desk: Desk, paths: Paths) -> None:
        self._desk = desk
        self._paths = paths
        self._settings = desk.overseer.config.management
        self._tokens = Tokens(self._settings)

    @property
    def prefix(self) -> str:
        """What the paths begin with."""
        return self._paths.prefix

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that is answered, with the prefix, names in braces."""
        return self._paths.all

    def document(self) -> str:
        """The OpenAPI document of all that is answered, as JSON."""
        return document_of(self._desk, self.prefix, self.paths)

    def answers(self, scope: Scope) -> bool:
        """Whether this request is to be answered here."""
        return self._paths.answers(scope)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._response(scope)
        await response(scope, receive, _headers_alone(send) if scope["method"] == "HEAD" else send)

    async def _response(self, scope: Scope) -> ASGIApp:
        try:
            return await self._routed(scope)
        except Exception as error:  # noqa: BLE001  # ours, and its traceback may show no value
            logger.error("the management API failed:\n{}", traceback_of(error))
            return problem(500, "A mistake in marty-chassis: please report it with its log line.")

    async def _routed(self, scope: Scope) -> ASGIApp:
        path = route_path(scope)
        place = self._paths.find(path)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        endpoint = place.endpoints.get(method) if place else None
        who = self._who(_need(place, endpoint), scope)
        asked = Asked(
            scope,
            self.prefix,
            self.paths,
            place.values if place else {},
            who if isinstance(who, Role) else None,
            who if isinstance(who, Refusal) else None,
        )
        # A request to move something answers by itself who may not: that too is audited.
        if asked.refusal is not None and (endpoint is None or endpoint.need is not Need.OPERATOR):
            return refused(asked.refusal)
        if endpoint is not None:
            return await endpoint.answer(self._desk, asked)
        return self._nowhere(path) if place is None else _wrong_method(scope["method"], place)

    def _who(self, need: Need, scope: Scope) -> Role | Refusal | None:
        if need is Need.NOTHING:
            return None
        settings = self._desk.overseer.config.management
        if settings is not self._settings:
            # Plugins have answered `config.load`.
            self._settings, self._tokens = settings, Tokens(settings)
        who = self._tokens.role(scope["headers"])
        if who is None and need is not Need.TOKEN_FOR_DETAILS:
            return self._tokens.missing()
        return who

    def _nowhere(self, path: str) -> ASGIApp:
        hint = did_you_mean(path, self.paths)
        return problem(
            404, f"Nothing is here.{hint} {self.prefix}/openapi.json names what there is."
        )

    def __repr__(self) -> str:
        return f"<Front {self._paths!r}>"


def _need(place: Place | None, endpoint: Endpoint | None) -> Need:
    """What is needed to learn even that there is nothing, or not so."""
    if endpoint is not None:
        return endpoint.need
    here = place.endpoints.values() if place else ()
    return next((one.need for one in here if one.need is Need.NOTHING), Need.VIEWER)


def _wrong_method(method: str, place: Place) -> ASGIApp:
    allowed = place.allows()
    return problem(
        405, f"{method[:20]} is not for {place.path}: {allowed}.", headers={"allow": allowed}
    )


def _headers_alone(send: Send) -> Send:
    async def without_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return without_body
