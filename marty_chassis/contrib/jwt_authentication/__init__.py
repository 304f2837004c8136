"""jwt-authentication: nobody gets in without a valid token. Its section is in `settings.py`.

For FastAPI there is `marty_chassis.contrib.jwt_authentication.fastapi`.
"""

from .authentication import JwtAuthentication
from .principal import Principal
from .refused import CannotIssue, Reason, Refused
from .settings import JwtSettings

__all__ = [
    "CannotIssue",
    "JwtAuthentication",
    "JwtSettings",
    "Principal",
    "Reason",
    "Refused",
]
