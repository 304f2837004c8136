"""custom-metrics: the service's requests in figures, and every plugin's gathered in the background.

In the configuration its section is `plugins.custom-metrics`; an empty one will do. Extra: `metrics`.
"""

from __future__ import annotations

from .plugin import CustomMetrics
from .settings import CustomMetricsSettings

__all__ = ["CustomMetrics", "CustomMetricsSettings"]
