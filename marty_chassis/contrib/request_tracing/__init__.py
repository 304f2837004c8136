"""request-tracing: each request has an id, in its headers, its log lines, its span and its events.

In the configuration its section is `plugins.request-tracing`; an empty one will do.
"""

from __future__ import annotations

from .plugin import RequestTracing
from .settings import RequestTracingSettings

__all__ = ["RequestTracing", "RequestTracingSettings"]
