"""Is unhealthy when the disk is nearly full."""

from __future__ import annotations

import shutil

from pydantic import BaseModel, Field

from marty_chassis.plugins import IHealthPlugin, plugin
from marty_hookspecs import HealthResult


class Settings(BaseModel):
    """The section `plugins.disk-health` of config.yaml."""

    path: str = "."
    free_percent: float = Field(default=5, ge=0, le=100)


@plugin(
    name="disk-health",
    version="1.0.0",
    description="Whether the disk has room left",
    config_schema=Settings,
)
class DiskHealth(IHealthPlugin):
    """Looks at the disk whenever the service asks for its health."""

    async def check_health(self) -> HealthResult:
        settings: Settings = self.context.plugin_config
        disk = shutil.disk_usage(settings.path)
        free = 100 * disk.free / disk.total
        return {"healthy": free >= settings.free_percent, "free_percent": round(free, 1)}

    def get_health_check_interval(self) -> int:
        return 30  # seconds
