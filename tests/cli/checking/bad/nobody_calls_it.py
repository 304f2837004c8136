"""Methods that are meant for the chassis, and that the chassis does not call."""

from marty_chassis.plugins import IHealthPlugin, IPlugin, hookimpl, plugin


@plugin(name="guard", version="1.0.0", description="Lets in who has a ticket")
class Guard(IPlugin):
    async def process_request(self, request, call_next):  # expect: foreign-method
        return await call_next(request)

    async def metrics_collect(self):  # expect: unmarked-hook
        return {"guarded": 1}


@plugin(name="database", version="1.0.0", description="Says how the database is")
class Database(IHealthPlugin):
    async def initialise(self, context):  # expect: misspelt-method
        self.interval = context.get_config("interval", 30)

    async def check_health(self):
        return {"healthy": True}

    def get_health_check_intervall(self):  # expect: misspelt-method
        return 30

    @hookimpl  # expect: lost-mark
    @staticmethod
    def metrics_collect():
        return {"checks": 1}
