"""They can be imported, and what follows cannot be done with them."""

from marty_chassis.plugins import IMiddlewarePlugin, IPlugin, plugin


@plugin(name="cannot-be-made", version="1.0.0", description="Wants to be given a path")
class CannotBeMade(IPlugin):
    def __init__(self, path=None):
        self.file = path.open()  # expect: construct


class Settings:
    level = 1


@plugin(  # expect: bad-model
    name="no-model",
    version="1.0.0",
    description="Has settings that are no model",
    config_schema=Settings,
)
class NoModel(IPlugin):
    pass


@plugin(name="no-number", version="1.0.0", description="Comes first")  # expect: registration
class NoNumber(IMiddlewarePlugin):
    async def process_request(self, request, call_next):
        return await call_next(request)

    async def process_websocket(self, websocket, call_next):
        await call_next(websocket)

    def get_middleware_priority(self):
        return "first"
