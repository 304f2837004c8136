"""structured-logging: every line of the process as one line of JSON, and an audit trail.

In the configuration its section is `plugins.structured-logging`; an empty one will do.
"""

from __future__ import annotations

from .plugin import StructuredLogging
from .settings import AuditSettings, StructuredLoggingSettings

__all__ = ["AuditSettings", "StructuredLogging", "StructuredLoggingSettings"]
