"""Who works on a service runs it in development: told to the service by environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig

VARIABLE: Final = "MARTY_SERVICE__ENVIRONMENT"


def want_development(config: ChassisConfig) -> None:
    """Let the service run in development, unless its configuration says where it runs."""
    if "environment" not in config.service.model_fields_set:
        os.environ[VARIABLE] = "development"
