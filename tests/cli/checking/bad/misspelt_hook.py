"""Its hooks have names that nobody asks for."""

from marty_chassis.plugins import IPlugin, hookimpl, plugin


@plugin(name="misspelt-hook", version="1.0.0", description="Tags services")
class MisspeltHook(IPlugin):
    async def initialize(self, context):
        context.extension_points.register_handler(
            "service.post_registered",  # expect: unknown-hook
            self.note,
        )

    @hookimpl
    async def service_pre_registr(self, service_info):  # expect: unknown-hook
        return service_info

    async def note(self, service_info):
        self.logger.info("{} is here", service_info["name"])
