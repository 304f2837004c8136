"""A module is the plugin, and what stands beside it is not."""

from marty_chassis.plugins import IEventHandlerPlugin, IHealthPlugin, PluginMetadata, plugin

plugin_metadata = PluginMetadata(
    name="module_of_classes", version="one", description="Says who it is"  # expect: bad-version
)


class Database(IHealthPlugin):  # expect: not-decorated
    async def check_health(self):
        return {"healthy": True}


@plugin(name="hears-nothing", version="1.0.0", description="Subscribes in vain")
class HearsNothing(IEventHandlerPlugin):
    def get_event_subscriptions(self):
        if self.context.get_config("all"):
            return ["user.login"]  # expect: missing-handler
        return {"user.login": self.on_login, "user.logout": on_logout}

    async def initialize(self, context):
        points = context.extension_points
        points.register_handler(name="config.load", handler=self.load)
        points.register_handler(handler=self.load, name="config.laod")  # expect: unknown-hook

    async def load(self, name):  # expect: wrong-arguments
        return {}

    async def on_login(self, event_type, event_data, source):  # expect: wrong-arguments
        pass


def on_logout():  # expect: wrong-arguments
    pass
