"""The section `plugins.custom-metrics`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from marty_chassis.settings import Seconds, SettingsModel


def _ascending(bounds: Sequence[float]) -> Sequence[float]:
    if not bounds:
        raise PydanticCustomError("ascending", "must have one bound at least")
    if any(lower >= upper for lower, upper in pairwise(bounds)):
        raise PydanticCustomError("ascending", "each bound must be above the one before it")
    return bounds


class CustomMetricsSettings(SettingsModel):
    """How figures are gathered and shown, and how requests are measured."""

    collection_interval: float = Field(default=30.0, ge=0.1, le=3600)
    """seconds between two collections of each plugin's figures; whoever reads them gets the last ones"""
    export_format: Literal["prometheus", "openmetrics", "json"] = "prometheus"
    """what is answered to whoever would take anything, at `/metrics` and `/plugins/metrics`"""
    duration_buckets: Annotated[
        tuple[Seconds, ...], Field(max_length=50), AfterValidator(_ascending)
    ] = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
    """upper bounds of the histogram of how long requests take, in seconds"""
    request_hooks: bool = False
    """whether the time that each plugin takes in requests is measured, too; it costs some"""
