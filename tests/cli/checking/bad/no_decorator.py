"""A whole plugin, but for the line that says so."""

from marty_chassis.plugins import IHealthPlugin


class Database(IHealthPlugin):  # expect: not-decorated
    async def check_health(self):
        return {"healthy": True}
