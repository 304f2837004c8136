"""What the management API answers, in the order of its endpoints. Every answer is one of these."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from marty_chassis.web.workers import WorkerResult

Status = Literal["pass", "warn", "fail"]
Number = int | float


class Answer(BaseModel):
    """Frozen; says what each field is in the document."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


# Plugins ------------------------------------------------------------------------------------------


class ServiceView(Answer):
    """Who answers."""

    name: str
    version: str
    worker: int
    """The process: of several workers behind one port, one answers."""
    workers: list[int]
    """The processes of the service on this host that hear each other: what one does, all do."""


class PluginView(Answer):
    """One plugin, in a row."""

    name: str
    version: str
    description: str
    author: str
    state: str
    """discovered, started, error, blocked, ..."""
    since: datetime
    phase: str | None
    """What was being done with it when it failed."""
    reason: str
    """What happened and what to do, in one line; empty when there is nothing to say."""
    source: str
    """Where it is from."""
    dependencies: list[str]
    blocked_by: list[str]
    attempt: int
    """How often it was not ready in a row."""
    next_try: datetime | None
    required: bool
    """Whether the service is not ready without it."""
    failure_policy: str | None
    """closed or open; null for a plugin without request hooks."""
    generation: int
    """Which run of it this is; 0 before the first."""
    faults: int
    """How many it has had."""
    healthy: bool | None
    """What its last check said; null when it has none, or was not asked yet."""


class MissingView(Answer):
    """A required plugin that is not started."""

    name: str
    state: str | None
    """Null when there is no such plugin."""
    reason: str


class PluginsView(Answer):
    """Every plugin, in the order of starting."""

    service: ServiceView
    ready: bool
    missing: list[MissingView]
    states: dict[str, int]
    """How many plugins are in each state; states that none is in are left out."""
    plugins: list[PluginView]
    last_event_id: str
    """For `Last-Event-ID` at the journal: what has happened since this answer was made."""


class FaultView(Answer):
    """Something that the plugin did wrong."""

    phase: str
    hook: str | None
    kind: str
    message: str
    traceback: str
    at: datetime


class SettingView(Answer):
    """One value of the plugin's section, secrets masked."""

    key: str
    value: Any
    origin: str
    """`config.yaml:11:5`, `env:MARTY_...`, `default`, ..."""


class HookView(Answer):
    """The plugin's place at one extension point."""

    point: str
    place: int
    """1 is asked first."""
    of: int
    reason: str
    """Why it stands there."""


class GenerationView(Answer):
    """One generation of a plugin."""

    number: int
    stage: str
    """serving, draining or stopping."""
    leases: int
    """Requests and calls that use it now."""


class SurvivorView(Answer):
    """Something of a dropped generation that is alive after garbage has been collected."""

    generation: int
    what: str


class LeakView(SurvivorView):
    """The same, with those that hold it."""

    holders: list[str]
    """The ways to it, from what is known by name."""


class PluginDetail(PluginView):
    """One plugin, whole."""

    sha256: str | None
    """The digest of the source that serves; null for what is not of files."""
    sha256_on_disk: str | None
    """The digest of its source as it is on the disk now."""
    generations: list[GenerationView]
    """The one that serves, then those on their way out, the newest first."""
    survivors: list[SurvivorView]
    """Found after the garbage collector has run by itself."""
    leaks: list[LeakView] | None
    """Answered to `?diagnose=leaks`, which collects all garbage: the service stands still for it."""

    left: list[str]
    """What of it could not be undone."""
    hooks: list[HookView]
    configuration: list[SettingView]
    recent_faults: list[FaultView]
    """The newest last."""


class MovedPlugin(Answer):
    """What became of a request to move a plugin."""

    plugin: str
    action: str
    state: str
    reason: str
    generation: int
    worker: int
    """The process that was asked."""
    workers: list[WorkerResult]
    """What became of it in each process of the service on this host, the one that was asked first."""


class ReloadedPlugin(Answer):
    """What became of a reload."""

    plugin: str
    generation: int
    """The run that serves now, or served last."""
    cascade: list[str]
    """Its started dependents, which were replaced with it."""
    code_reloaded: bool
    """Whether new code serves; else it is a new instance of the same code."""
    require_restart: bool
    """Whether the code on the disk is another than the one that serves, and cannot be swapped."""
    rolled_back: bool
    """Whether no new generation serves: what served before serves on."""
    reason: str
    """What happened and what to do, in one line; empty when there is nothing to say."""
    duration_ms: float
    """From being asked to the swap."""
    draining: int
    """Requests and calls that still use the old generation."""
    worker: int
    """The process that was asked; what is above is of this one."""
    sha256: str | None
    """The digest of the source that serves; null for what is not of files."""
    workers: list[WorkerResult]
    """What became of it in each process of the service on this host, the one that was asked first."""


# Health -------------------------------------------------------------------------------------------


class PluginHealth(Answer):
    """How one plugin is."""

    plugin: str
    healthy: bool
    state: str | None
    """Null for what is asked and is no plugin of the lifecycle."""
    reason: str
    details: dict[str, Any]
    """What the plugin says besides, secrets masked."""
    source: Literal["check", "state"]
    """Whether its own check says so, or only its state."""
    checked_at: datetime | None
    age_seconds: float | None
    interval_seconds: float | None


class HealthCheck(Answer):
    """One line of `checks`."""

    componentType: Literal["plugin"] = "plugin"
    status: Status
    time: datetime | None
    output: str | None
    """Why it is not `pass`."""
    observedValue: dict[str, Any] | str
    """The plugin's details, or its state."""


class ServiceHealth(Answer):
    """How the service is, as `application/health+json` has it; callers without a token get `status`.

    fail: a required plugin is not started, or says that it is not healthy. warn: another one.
    """

    status: Status
    version: str | None = None
    serviceId: str | None = None
    checks: dict[str, list[HealthCheck]] | None = None
    """By `<plugin>:health`, or `<plugin>:state` for a plugin without a check."""


class Probe(Answer):
    """Yes or no."""

    status: Status


# Metrics ------------------------------------------------------------------------------------------


class DefinitionView(Answer):
    """What a plugin says a figure is."""

    type: str
    description: str


class PluginMetrics(Answer):
    """The figures of one plugin in this process, by its own names."""

    metrics: dict[str, Number]
    definitions: dict[str, DefinitionView]
    problems: list[str]
    """What could not be shown, and why."""
    seconds: float
    """How long the plugin took to answer."""
    answered: bool
    """Whether it did, when it was asked last."""
    age_seconds: float
    """How long ago that was."""


class SampleView(Answer):
    """One figure."""

    name: str
    """The family's, or one of those that a histogram has: `..._bucket`."""
    labels: dict[str, str]
    value: Number | None
    """Null for what is not finite."""


class FamilyView(Answer):
    """Figures of one name, as Prometheus has them."""

    name: str
    type: str
    help: str
    samples: list[SampleView]


class MetricsView(Answer):
    """All figures."""

    worker: int
    """The process whose plugins these are."""
    plugins: dict[str, PluginMetrics]
    chassis: list[FamilyView]
    """What is always there."""
    families: list[FamilyView]
    """What plugins and the application bring, with what is in their Prometheus registries."""


# Extension points ---------------------------------------------------------------------------------


class HandlerView(Answer):
    """One plugin's handler."""

    plugin: str
    priority: int
    reason: str
    """Why it stands where it stands."""
    function: str
    wrapper: bool
    blocking: bool
    failure_policy: Literal["closed", "open"]
    scope: str | None
    """The path below which it applies; null is everywhere."""


class PointView(Answer):
    """One extension point."""

    name: str
    hook: str
    type: str
    description: str
    parameters: dict[str, str]
    """Their types, in words; empty where nobody says."""
    on_error: str
    deadline: float | None
    """Seconds that one plugin may take."""
    copies: bool
    since: str
    deprecated: str | None
    owner: str | None
    """The plugin that brought it; null for those of the contract."""
    handlers: list[HandlerView]
    """In the order of calling."""


class PointsView(Answer):
    """Every extension point, by name."""

    extension_points: list[PointView]


# The journal and errors ---------------------------------------------------------------------------


class Move(Answer):
    """The data of an event `move` in the journal."""

    plugin: str
    before: str
    after: str
    at: datetime
    phase: str | None
    reason: str


class ProblemView(Answer):
    """An error: RFC 9457."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(default="about:blank")
    title: str
    status: int
    detail: str
