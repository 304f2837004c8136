"""Plugins that do nothing, in every way a middleware plugin can."""

from __future__ import annotations

from marty_chassis.plugins import IMiddlewarePlugin, IPlugin, hookimpl, plugin


def ten() -> list[object]:
    """Ten of them: six stand around requests, two before and after, two around everything."""
    return [
        *(_made(f"around-{number}", _Around) for number in range(6)),
        *(_made(f"beside-{number}", _Beside) for number in range(2)),
        *(_made(f"outside-{number}", _Outside) for number in range(2)),
    ]


def _made(name: str, kind: type[IPlugin]) -> object:
    return plugin(name=name, version="1.0.0")(type(kind.__name__, (kind,), {}))


class _Around(IMiddlewarePlugin):
    async def process_request(self, request, call_next):
        return await call_next(request)

    async def process_websocket(self, websocket, call_next):
        await call_next(websocket)


class _Beside(IPlugin):
    @hookimpl
    async def middleware_pre_request(self, request):
        return request

    @hookimpl
    def middleware_post_response(self, response, request):
        return response


class _Outside(IPlugin):
    @hookimpl
    def web_wrap(self, app):
        async def wrapped(scope, receive, send):
            await app(scope, receive, send)

        return wrapped
