"""The plugin: who may pass, and who they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.authentication import AuthCredentials, UnauthenticatedUser
from starlette.websockets import WebSocket as StarletteWebSocket

from marty_chassis.contrib.extras import needs
from marty_chassis.errors import InvalidConfiguration, Problem
from marty_chassis.plugins import (
    IHealthPlugin,
    IMiddlewarePlugin,
    PluginContext,
    PluginNotReady,
    hookimpl,
    plugin,
)
from marty_chassis.version import __version__
from marty_hookspecs import CallNext, CallNextSocket, Request, Response, ServiceInfo, WebSocket

from .answers import answer
from .credentials import bearer_token
from .principal import Principal
from .record import Record
from .refused import Reason, Refused
from .rules import Rules
from .settings import COMMAND, JwtSettings, in_development

if TYPE_CHECKING:
    from .keys import Keys
    from .published import PublishedKeys
    from .tokens import Tokens

NAME: Final = "jwt-authentication"
_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


@plugin(
    name=NAME,
    version=__version__,
    description="Lets nobody in who has no valid token, and says who everybody else is.",
    author="marty-chassis",
    config_schema=JwtSettings,
    failure_policy="closed",
)
class JwtAuthentication(IMiddlewarePlugin, IHealthPlugin):
    """Verifies the bearer tokens of requests and websockets; issues and verifies for other plugins.

    `await context.plugins["jwt-authentication"].issue("ada", scopes=["admin"])` in a plugin that
    has it among its `dependencies`.
    """

    _settings: JwtSettings
    _rules: Rules
    _tokens: Tokens
    _record: Record
    _published: PublishedKeys | None = None
    _source = ""

    def __init__(self) -> None:
        """Raises `MissingExtra`."""
        needs(f"plugin {NAME!r}", "jwt", extra="jwt", package="PyJWT")

    async def initialize(self, context: PluginContext) -> None:
        """Make the keys ready; raises `MissingExtra` and `InvalidConfiguration`."""
        self._settings = settings = context.plugin_config
        self._rules = Rules(settings.paths, settings.exempt, settings.scopes)
        self._record = Record(context)
        from .tokens import Tokens

        self._tokens = Tokens(settings, await self._keys(context))
        self._warn(context)

    async def start(self) -> None:
        """Have the keys, if they are published elsewhere; raises `PluginNotReady`."""
        keys = self._published
        if keys is None:
            return
        if not keys.fresh and not await keys.refresh() and not keys.believed:
            raise PluginNotReady(keys.problem)
        self.context.tasks.start(keys.keep_fresh)

    def export_state(self) -> dict[str, Any]:
        """Give the figures, and the published keys: a reload needs neither provider nor luck."""
        published = self._published.export() if self._published is not None else None
        return {"figures": self._record.export(), "source": self._source, "published": published}

    def import_state(self, state: Mapping[str, Any]) -> None:
        """Go on from there, where the keys are still to come from the same place."""
        self._record.add(state["figures"])
        if self._published is not None and state["source"] == self._source and state["published"]:
            self._published.adopt(*state["published"])

    def get_middleware_priority(self) -> int:
        """Inside of what traces and measures, outside of everything else."""
        return 50

    async def process_request(self, request: Request, call_next: CallNext) -> Response:
        """Let the request through with its principal, or refuse it."""
        headers = request.headers
        preflight = (
            self._settings.allow_preflight
            and request.method == "OPTIONS"
            and "origin" in headers
            and "access-control-request-method" in headers
        )
        refused = await self._look(request.scope, headers.getlist("authorization"), free=preflight)
        if refused is not None:
            return answer(refused, self._settings.realm)
        return await call_next(request)

    async def process_websocket(self, websocket: WebSocket, call_next: CallNextSocket) -> None:
        """Let the handshake through, or refuse it: with an answer where the server can send one."""
        socket = cast(StarletteWebSocket, websocket)
        refused = await self._look(websocket.scope, socket.headers.getlist("authorization"))
        if refused is None:
            await call_next(websocket)
        elif "websocket.http.response" in (websocket.scope.get("extensions") or {}):
            await socket.send_denial_response(answer(refused, self._settings.realm))
        else:
            await socket.close(1008)

    async def verify(self, token: str) -> Principal:
        """Give who a token was issued to; raises `Refused`."""
        return await self._tokens.verified(token)

    async def issue(
        self,
        subject: str,
        *,
        scopes: Iterable[str] = (),
        expires_in: float | None = None,
        claims: Mapping[str, object] = _NOTHING,
    ) -> str:
        """Give a new token that is signed with the first secret; raises `CannotIssue`.

        expires_in: seconds, `token_expiry` of the section when not given. claims: more of them;
        they must be fit for JSON.
        """
        token, said = self._tokens.issued(subject, scopes, expires_in, claims)
        granted = said.get(self._settings.scope_claim, "").split()
        await self._record.issued(subject, granted, said["jti"], said["exp"])
        return token

    @hookimpl
    def service_pre_register(self, service_info: ServiceInfo) -> ServiceInfo | None:
        """Say in the registry how this service wants to be asked."""
        if service_info.get("name") != self.context.config.service.name:
            return None
        service_info["tags"] = [*service_info.get("tags", ()), "auth:bearer"]
        meta = {**service_info.get("meta", {}), "auth_scheme": "bearer"}
        if self._settings.expected_issuer:
            meta["auth_issuer"] = self._settings.expected_issuer
        service_info["meta"] = meta
        return service_info

    async def check_health(self) -> Mapping[str, Any]:
        """Whether tokens can be verified, and how old published keys are."""
        keys = self._published
        if keys is None:
            return {"healthy": True, "keys": "own"}
        age = keys.age
        return {
            "healthy": keys.believed,
            "keys": "published",
            "age_seconds": None if age is None else round(age, 1),
            "problem": keys.problem,
        }

    async def _look(
        self, scope: MutableMapping[str, Any], headers: list[str], *, free: bool = False
    ) -> Refused | None:
        """Put who asks into the scope, or say why they are refused."""
        needed = None if free else self._rules.needed(scope)
        # Whoever comes without a valid token is nobody, whatever the scope said.
        scope["user"], scope["auth"] = UnauthenticatedUser(), AuthCredentials()
        try:
            token = bearer_token(headers, self._settings.token_limit)
            principal = await self._tokens.verified(token)
            if needed is not None and not needed <= principal.scopes:
                raise Refused(Reason.SCOPE, scopes=needed, subject=principal.subject)
        except Refused as refused:
            if needed is None:
                return None
            await self._record.refused(refused, scope)
            return refused
        scope["user"] = principal
        scope["auth"] = AuthCredentials(["authenticated", *sorted(principal.scopes)])
        self._record.accepted()
        return None

    async def _keys(self, context: PluginContext) -> Keys:
        """The keys of the section, or those that are published where it says."""
        from .keys import OwnKeys, UnusableKey

        settings = self._settings
        if settings.jwks_url or settings.oidc_issuer:
            self._published = await self._published_keys(context)
            return self._published
        try:
            return OwnKeys(settings)
        except UnusableKey as error:
            path = f"plugins.{NAME}.{'jwt_secret' if settings.symmetric else 'public_key'}"
            problem = Problem(path, str(error), context.config.origin(path))
            raise InvalidConfiguration([problem]) from None

    async def _published_keys(self, context: PluginContext) -> PublishedKeys:
        needs(f"{NAME} with published keys", "httpx2", extra="oidc")
        from .fetching import Fetching
        from .published import PublishedKeys

        fetching = await Fetching.of(self._settings, development=in_development(context.config))
        context.resources.push_async_callback(fetching.close)
        self._source = fetching.source
        return PublishedKeys(self._settings, fetching.key_set)

    def _warn(self, context: PluginContext) -> None:
        """Say once what is forgiven in development, or better not left out elsewhere."""
        settings, warn = self._settings, context.logger.warning
        for found, needed in settings.short_secrets:
            warn(
                "{} plugins.{}.jwt_secret: a secret of {} bytes, of {} that are needed, is refused"
                " outside of development. Make one: {}",
                context.config.origin(("plugins", NAME, "jwt_secret")), NAME, found, needed, COMMAND,
            )  # fmt: skip
        lacking = [("issuer", settings.expected_issuer), ("audience", settings.audience)]
        names = " and ".join(name for name, value in lacking if not value)
        if names and not in_development(context.config):
            warn("plugins.{}: no {} is set, so that tokens of any pass", NAME, names)
