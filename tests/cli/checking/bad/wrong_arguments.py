"""Parameters that the caller does not have."""

from marty_chassis.plugins import IEventHandlerPlugin, IMiddlewarePlugin, hookimpl, plugin


@plugin(name="wrong-arguments", version="1.0.0", description="Takes what there is not")
class WrongArguments(IMiddlewarePlugin):
    async def initialize(self):  # expect: wrong-arguments
        self.seen = 0

    async def process_request(self, request):  # expect: wrong-arguments
        return request

    async def process_websocket(self, websocket, call_next):
        await call_next(websocket)

    @hookimpl
    async def service_pre_register(self, service):  # expect: wrong-arguments
        return service

    @hookimpl
    async def service_post_register(self, *, service_info):  # expect: wrong-arguments
        self.seen += 1

    @hookimpl
    async def service_pre_unregister(self, service_inf=None):  # expect: wrong-arguments
        self.seen -= 1

    @hookimpl
    async def config_load(config_name):  # expect: wrong-arguments
        return {}


@plugin(name="wrong-events", version="1.0.0", description="Hears of users")
class WrongEvents(IEventHandlerPlugin):
    def get_event_subscriptions(self):
        return {
            "user.login": "on_login",
            "user.logout": "on_logut",  # expect: missing-handler
        }

    async def on_login(self, event_type, event_data, source):  # expect: wrong-arguments
        pass

    async def on_logout(self, event_data):
        pass
