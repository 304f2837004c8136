"""Comments that suppress something, and comments that do not."""

import time

from marty_chassis.plugins import IHealthPlugin, plugin


@plugin(name="vain", version="1.0.0", description="Has its reasons")
class Vain(IHealthPlugin):
    async def check_health(self):
        time.sleep(0.001)  # marty: ignore[blocking-call]
        text = "# marty: ignore[blocking-call]"
        return {"healthy": True, "text": text}  # marty: ignore[blocking-call]  # expect: unused-ignore

    def get_health_check_interval(self):  # marty: ignore  # expect: unused-ignore
        return 30
