"""The plugin: its outputs while it runs, and how it is."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import anyio

from marty_chassis.errors import InvalidConfiguration, Problem
from marty_chassis.plugins import IHealthPlugin, IMetricsPlugin, PluginContext, plugin
from marty_chassis.version import __version__
from marty_hookspecs import MetricDefinition

from . import audit
from .levels import Levels
from .line import Lines
from .outlet import Outlet
from .output import Output
from .settings import OutputSettings, StructuredLoggingSettings
from .writer import Writer

_GRACE: Final = 1.0
"""Seconds that lines have, which are on their way to a sink that another one has replaced."""


@plugin(
    name="structured-logging",
    version=__version__,
    description="Every line as one line of JSON, secrets masked, and an audit trail",
    author="marty-chassis",
    config_schema=StructuredLoggingSettings,
    failure_policy="open",
)
class StructuredLogging(audit.Trail, IHealthPlugin, IMetricsPlugin):
    """Writes what the process logs, as long as it runs."""

    async def initialize(self, context: PluginContext) -> None:
        self._settings = context.plugin_config
        said = context.config.plugins.settings
        theirs = {name: one.log_level for name, one in said.items() if one.log_level is not None}
        self._levels = Levels(self._settings.level, {**theirs, **self._settings.levels})
        self._outputs: list[Output] = []
        self._outlet = Outlet()

    def export_state(self) -> Outlet:
        """Hand on the sink: no line is lost between two generations, and none is written twice."""
        return self._outlet

    def import_state(self, state: Outlet) -> None:
        """Go on with the sink of the generation before."""
        self._outlet = state

    async def start(self) -> None:
        settings, context = self._settings, self.context
        output = self._opened(settings.destination, settings, "destination")
        trail, of_trail = settings.audit, None
        if trail is not None:
            own = trail.destination
            of_trail = output if own is None else self._opened(own, trail, "audit.destination")
        service = context.config.service
        lines = Lines({"service": service.name, "version": service.version}, context.masked)
        writer = Writer(self._levels, lines, output, of_trail, settings.standard_library)
        # Both at once: a line is JSON, or it is on the console. (One of another thread, in just this
        # moment, may be both; it is not lost.)
        self._outlet.take(writer)
        speak = self._console_silenced()
        context.ledger.enter("lines", partial(self._end, writer, speak), id="")
        self._retire()
        if trail is not None:
            audit.listen(context.event_bus, trail.events)

    def set_level(self, name: str, level: str | None) -> None:
        """Give a plugin or a logger a least level of its own, until the plugin is reloaded.

        With None it has the one that all others have. Raises `ValueError` for a level that there is
        none of. `plugins.settings.<name>.log_level` keeps a plugin's lines back before they come
        here, and stays as it is.
        """
        self._levels.set(name, level)
        self._outlet.fit()
        self._retire()

    async def check_health(self) -> Mapping[str, Any]:
        counts = self._outlet.counts
        problems = [output.problem for output in self._outputs if output.problem]
        return {
            "healthy": not problems,
            "written": counts.written,
            "lost": counts.lost,
            "failed": counts.failed,
            **({"problem": problems[0]} if problems else {}),
        }

    def get_health_check_interval(self) -> float:
        return 10

    async def collect_metrics(self) -> Mapping[str, float]:
        counts = self._outlet.counts
        return {"log_lines_written": counts.written, "log_lines_lost": counts.lost}

    def get_metric_definitions(self) -> Mapping[str, MetricDefinition]:
        return {
            "log_lines_written": {"type": "counter", "description": "lines that were written"},
            "log_lines_lost": {"type": "counter", "description": "lines that could not be written"},
        }

    def _opened(self, name: str, kept: OutputSettings, key: str) -> Output:
        """Open an output; what is wrong with it is said with its place in the configuration."""
        context = self.context
        path = f"plugins.{context.name}.{key}"

        def refused(what: str, hint: str) -> InvalidConfiguration:
            return InvalidConfiguration([Problem(path, what, context.config.origin(path), hint)])

        one_of_several = multiprocessing.parent_process() is not None
        if kept.rotation is not None and one_of_several and "{pid}" not in name:
            raise refused(
                "several processes cannot rotate one file",
                "Write {pid} into its name, or take `rotation` out and let logrotate do it.",
            )
        try:
            output = Output(name, kept, context.config.folder, self._outlet.counts)
        except (OSError, ValueError) as error:
            raise refused(
                f"{type(error).__name__}: {error}", "Name one that can be written to."
            ) from None
        context.ledger.enter("output", output.close, id=key)
        self._outputs.append(output)
        return output

    def _console_silenced(self) -> Callable[[], None]:
        """Have `marty`'s console keep quiet where it would say the same beside us."""
        console = self.context.console
        streams = [output.stream for output in self._outputs if output.stream is not None]
        if console is None or not any(console.writes_to(stream) for stream in streams):
            return lambda: None
        return console.silence()

    def _end(self, writer: Writer, speak: Callable[[], None]) -> None:
        speak()
        self._outlet.leave(writer)

    def _retire(self) -> None:
        if outdated := self._outlet.outdated:
            self.context.tasks.start(self._dropped_later, outdated)

    async def _dropped_later(self, sinks: tuple[int, ...]) -> None:
        try:
            await anyio.sleep(_GRACE)
        finally:
            self._outlet.drop(*sinks)
