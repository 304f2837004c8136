"""Coroutines that nobody waits for, and other confusions of two kinds of functions."""

from marty_chassis.plugins import IMiddlewarePlugin, hookimpl, plugin


@plugin(name="forgetful", version="1.0.0", description="Adds a header")
class Forgetful(IMiddlewarePlugin):
    async def process_request(self, request, call_next):
        self.context.event_bus.publish("request.seen", {})  # expect: missing-await
        response = call_next(request)  # expect: missing-await
        response.headers["x-seen"] = "1"
        return response

    async def process_websocket(self, websocket, call_next):
        return call_next(websocket)  # expect: missing-await

    async def get_middleware_priority(self):  # expect: async-getter
        return 10

    @hookimpl(blocking=True)
    async def health_check(self):  # expect: async-blocking
        return {"healthy": True}

    @hookimpl
    def metrics_collect(self):  # expect: generator
        yield {"seen": 1}

    @hookimpl(wrapper=True)
    def middleware_post_response(self, response, request):  # expect: bad-wrapper
        return (yield)
