"""A plugin: a class with a name, in a plugin folder."""

from __future__ import annotations

from marty_chassis.plugins import IMiddlewarePlugin, plugin
from marty_hookspecs import CallNext, Request, Response


@plugin(name="greeting", version="1.0.0", description="Greets in a header")
class Greeting(IMiddlewarePlugin):
    async def start(self) -> None:
        print("greeting: started")

    async def stop(self) -> None:
        print("greeting: stopped")

    async def process_request(self, request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.headers["x-greeting"] = f"hello, {request.url.path}"
        return response
