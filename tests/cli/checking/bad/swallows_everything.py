"""Clients go away, and it does not notice; websockets come, and it does not notice either."""

from starlette.responses import PlainTextResponse

from marty_chassis.plugins import IMiddlewarePlugin, plugin


@plugin(name="calm", version="1.0.0", description="Has an answer to everything")
class Calm(IMiddlewarePlugin):
    async def process_request(self, request, call_next):  # expect: no-websocket
        try:
            return await call_next(request)
        except BaseException:  # expect: swallows-cancellation
            return PlainTextResponse("all is well")
