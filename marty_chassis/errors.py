"""Everything that marty-chassis raises.

    MartyError
    ├── ConfigurationError          what the operator wrote cannot be used
    │   ├── InvalidConfiguration    one or more problems, each with its place
    │   ├── InvalidPluginName       a name that no plugin can have
    │   ├── ConfigurationExists     a new configuration would overwrite a file
    │   └── WrongMiddleware         a middleware of the configuration cannot be used
    ├── DiscoveryError              a plugin could not be found or read
    │   └── NotAPlugin              an object given as a plugin is none
    ├── ContractError               what a plugin offers does not fit the extension points
    │   ├── UnknownHook             a hook that nobody asks
    │   ├── WrongArguments          a hook with arguments that its specification does not have
    │   ├── ExtensionPointClash     two specifications want one name
    │   └── WrongAnswer             a hook that is asked at staging answered with nonsense
    ├── ApplicationEnded            the application ended without a whole response
    ├── HookFailed                  a plugin's answer to a hook was an error, and the point raises
    ├── PluginFault                 a plugin's code raised; the record of it is in `fault`
    ├── DeadlineExceeded            a plugin's code had no answer in time
    ├── TaskCancelled               a task was cancelled before it had a result
    ├── EventError                  an event or a subscription cannot be used
    │   ├── InvalidEvent            a type, a pattern or an attribute that no event can have
    │   ├── WrongHandler            a handler that takes neither the data nor the event
    │   ├── ForeignSource           a plugin publishes in another's name
    │   ├── MailboxFull             a subscriber had no room in time
    │   ├── NotHandled              a subscriber had not handled the event in time
    │   └── NestedWait              a handler would wait for other handlers
    ├── ServiceError                the service registry cannot do what was asked
    │   ├── InvalidService          a service, or a query for one, that makes no sense
    │   ├── ForeignService          the service belongs to another plugin
    │   └── UnknownService          nobody has registered this id, or it has expired
    ├── ServingError                what was named cannot be served
    │   ├── CannotListen            the address is taken, or none of this machine's
    │   ├── NoApplication           `module:name` leads to no ASGI application
    │   ├── StartupFailed           the application's own startup failed
    │   ├── WorkersApart            the workers of a service cannot hear each other
    │   └── WrongLoop               a server is started where it cannot run
    ├── MissingExtra                something needs a package that is not installed
    ├── NoService                   a running service cannot be asked
    ├── NotMade                     something is asked for before it was made
    └── LifecycleError              a plugin cannot be moved as asked
        ├── PluginNotReady          raised by a plugin: not now, try again later
        ├── UnknownPlugin           a name that no plugin here has
        ├── PluginBusy              another move of the plugin is under way
        ├── PluginExists            a plugin of this name is here already
        ├── PluginDisabled          a disabled plugin is to be started
        ├── PluginRequired          the service cannot do without the plugin
        ├── PluginUnavailable       a plugin that is asked for is not started
        ├── PluginGone              something is used that belongs to a run that is over
        ├── GroupFailed             a task group that a plugin holds open has failed
        ├── NotRunning              plugins are moved while the service does not run
        ├── StartAborted            under `strict`, or by a required plugin's `config.load`
        ├── WrongMove               a state that cannot follow another
        └── DependencyError         what a plugin needs cannot be had
            ├── InvalidRequirement  a dependency that cannot be read
            └── DependencyCycle     plugins wait for each other

Each error keeps its facts in attributes and makes its text when asked, in this order: what failed,
where, what was found, what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from marty_chassis.boundary.faults import Fault

__all__ = [
    "ApplicationEnded",
    "CannotListen",
    "ConfigurationError",
    "ConfigurationExists",
    "ContractError",
    "DeadlineExceeded",
    "DependencyCycle",
    "DependencyError",
    "DiscoveryError",
    "EventError",
    "ExtensionPointClash",
    "ForeignService",
    "ForeignSource",
    "GroupFailed",
    "HookFailed",
    "InvalidConfiguration",
    "InvalidEvent",
    "InvalidPluginName",
    "InvalidRequirement",
    "InvalidService",
    "LifecycleError",
    "MailboxFull",
    "MartyError",
    "MissingExtra",
    "NestedWait",
    "NoApplication",
    "NoService",
    "NotAPlugin",
    "NotHandled",
    "NotMade",
    "NotRunning",
    "PluginBusy",
    "PluginDisabled",
    "PluginExists",
    "PluginFault",
    "PluginGone",
    "PluginNotReady",
    "PluginRequired",
    "PluginUnavailable",
    "Problem",
    "ServiceError",
    "ServingError",
    "StartAborted",
    "StartupFailed",
    "TaskCancelled",
    "UnknownHook",
    "UnknownPlugin",
    "UnknownService",
    "WorkersApart",
    "WrongAnswer",
    "WrongArguments",
    "WrongHandler",
    "WrongLoop",
    "WrongMiddleware",
    "WrongMove",
    "did_you_mean",
]


class MartyError(Exception):
    """The root: `except MartyError` catches all that this package raises on purpose."""


class ConfigurationError(MartyError):
    """What the operator wrote cannot be used."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration; never holds a value, which may be a secret."""

    path: str
    """the key, dotted; empty for a whole file"""
    message: str
    place: str = ""
    """`config.yaml:11:5`, `env:MARTY_SERVICE__PORT`, `argument` ..."""
    hint: str = ""
    """what to do"""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"{self.place} {self.path}".strip()
        return f"{where}: {self.message}.{' ' if self.hint else ''}{self.hint}".lstrip(": ")


class InvalidConfiguration(ConfigurationError):
    """The configuration cannot be used; `problems` holds all that was found, not the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        count = len(self.problems)
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        return f"the configuration cannot be used, {count} problem{'s'[: count > 1]}:{lines}"


class InvalidPluginName(ConfigurationError):
    """A name that cannot stand in an address or in the name of an environment variable."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return (
            f"{self.name!r} cannot be a plugin's name. Use letters, digits and single"
            " hyphens, underscores or dots between them; two underscores separate keys in the"
            " names of environment variables."
        )


class ConfigurationExists(ConfigurationError):
    """A new configuration would overwrite a file."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path} exists already and is left as it is. Name another file, or remove it."


class WrongMiddleware(ConfigurationError):
    """A middleware of the configuration cannot be imported, or is none."""

    def __init__(self, use: str, found: str, advice: str) -> None:
        super().__init__(use, found, advice)
        self.use = use
        self.found = found
        self.advice = advice

    def __str__(self) -> str:
        return f"the middleware {self.use!r} cannot be used: {self.found}. {self.advice}"


class DiscoveryError(MartyError):
    """A plugin could not be found or read."""


class NotAPlugin(DiscoveryError):
    """An object that was given as a plugin is none."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind

    def __str__(self) -> str:
        return (
            f"an object of type {self.kind!r} was given as a plugin. Give a class, an instance, a"
            " function that makes one, or a module with hookimpls; files are found in"
            " plugins.directories."
        )


class ContractError(MartyError):
    """What a plugin offers does not fit the extension points."""


class UnknownHook(ContractError):
    """A plugin implements, or a caller asks, a hook that does not exist."""

    def __init__(
        self, hook: str, known: Sequence[str], *, plugin: str | None = None, place: str = ""
    ) -> None:
        super().__init__(hook, known, plugin, place)
        self.hook = hook
        self.known = tuple(known)
        self.plugin = plugin
        self.place = place
        """Where it is written: `plugins/audit.py:12`."""

    def __str__(self) -> str:
        asks = "someone asks" if self.plugin is None else f"plugin {self.plugin!r} implements"
        at = f" at {self.place}" if self.place else ""
        bring = (
            ""
            if self.plugin is None
            else " Mark it optionalhook=True if another plugin may bring it."
        )
        return (
            f"{asks} the hook {self.hook!r}{at}, which does not exist."
            f"{did_you_mean(self.hook, self.known)} `marty hooks list` shows every hook.{bring}"
        )


class WrongArguments(ContractError):
    """A hookimpl asks for arguments that its specification does not have."""

    def __init__(
        self, hook: str, wrong: Sequence[str], allowed: Sequence[str], *, plugin: str, place: str
    ) -> None:
        super().__init__(hook, wrong, allowed, plugin, place)
        self.hook = hook
        self.wrong = tuple(wrong)
        self.allowed = tuple(allowed)
        self.plugin = plugin
        self.place = place

    def __str__(self) -> str:
        allowed = ", ".join(self.allowed) or "no arguments"
        return (
            f"plugin {self.plugin!r} implements {self.hook!r} at {self.place} with"
            f" {', '.join(self.wrong)}; the hook has {allowed}."
            f"{did_you_mean(self.wrong[0], self.allowed)}"
            " Take any of these by name, as plain parameters, or none."
        )


class ExtensionPointClash(ContractError):
    """Two extension points want one name, or differ only in dots and underscores."""

    def __init__(self, name: str, existing: str) -> None:
        super().__init__(name, existing)
        self.name = name
        self.existing = existing

    def __str__(self) -> str:
        return (
            f"extension point {self.name!r} clashes with {self.existing!r}:"
            f" both are the hook {self.name.replace('.', '_')!r}, with another signature or type."
            " Choose another name."
        )


class WrongAnswer(ContractError):
    """A hook that is asked once, when its plugin is staged, answered with what cannot be used."""

    def __init__(self, plugin: str, hook: str, found: str, wanted: str) -> None:
        super().__init__(plugin, hook, found, wanted)
        self.plugin = plugin
        self.hook = hook
        self.found = found
        self.wanted = wanted

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} answered {self.hook!r} with {self.found}. Return {self.wanted}"
        )


class ApplicationEnded(MartyError):
    """The application ended without a response, or in the middle of one.

    Its client may have gone. Raised at a plugin's `await call_next(request)`, or at
    `await response.body()`; nobody has to catch it, the server gets what the application gave.
    """

    def __init__(self, *, started: bool) -> None:
        super().__init__(started)
        self.started = started

    def __str__(self) -> str:
        what = "the end of its response" if self.started else "a response"
        return f"the application ended without {what}. Look whether its client had gone."


class HookFailed(MartyError):
    """A plugin's answer to a hook was an error, and the extension point raises.

    The plugin's own exception is not chained: it may hold secrets and keeps old code alive. Its
    kind and words are in `kind` and `message`, its traceback in the log and in the fault book.
    """

    def __init__(self, plugin: str, hook: str, kind: str, message: str) -> None:
        super().__init__(plugin, hook, kind, message)
        self.plugin = plugin
        self.hook = hook
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} failed in {self.hook!r}: {self.kind}: {self.message}."
            f" Its log lines (plugin={self.plugin}) hold the traceback."
        )


class PluginFault(MartyError):
    """A plugin's code raised, and the fault has been reported.

    The plugin's own exception is not chained: it would keep the plugin's frames alive. What it was
    is in `fault`, in words.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault

    def __str__(self) -> str:
        return (
            f"plugin {self.fault.plugin!r}: {self.fault}."
            f" Its log lines (plugin={self.fault.plugin}) hold the traceback."
        )


class DeadlineExceeded(MartyError):
    """Someone else's code had no answer in time; `left` tells whether it stopped when cancelled."""

    def __init__(self, name: str, seconds: float, *, left: bool) -> None:
        super().__init__(name, seconds, left)
        self.name = name
        self.seconds = seconds
        self.left = left

    def __str__(self) -> str:
        then = (
            "It was cancelled and has left."
            if self.left
            else "It was cancelled, did not leave, and was left behind: look for an `except` around"
            " an `await` that does not raise again, or for a thread that is waited for."
        )
        return f"{self.name} had no answer within {self.seconds:g} s. {then}"


class TaskCancelled(MartyError):
    """A task was cancelled before it had a result."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"the task {self.name!r} was cancelled and has no result."


class EventError(MartyError):
    """An event or a subscription cannot be used."""


class InvalidEvent(EventError):
    """A type, a pattern or an attribute that no event can have."""

    def __init__(self, what: str, found: object, wanted: str) -> None:
        super().__init__(what, found, wanted)
        self.what = what
        self.found = found
        self.wanted = wanted

    def __str__(self) -> str:
        return f"{self.what} {_shown(self.found)} cannot be used. {self.wanted}"


class WrongHandler(EventError):
    """A handler that can be called neither with the data nor with the event."""

    def __init__(self, plugin: str, pattern: str, handler: str, found: str) -> None:
        super().__init__(plugin, pattern, handler, found)
        self.plugin = plugin
        self.pattern = pattern
        self.handler = handler
        self.found = found

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} subscribes {self.handler} to {self.pattern!r}, and it"
            f" {self.found}. Take `event_data`, or `event_type` and `event_data`, or `event`."
        )


class ForeignSource(EventError):
    """A plugin publishes in another's name."""

    def __init__(self, plugin: str, source: str, type: str) -> None:
        super().__init__(plugin, source, type)
        self.plugin = plugin
        self.source = source
        self.type = type

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} publishes {self.type!r} with the source {_shown(self.source)};"
            " an event's source is who published it. Leave `source` out, or pass your own name."
        )


class MailboxFull(EventError):
    """Subscribers had no room for an event in time; all other subscribers have it.

    `subscribers` are pairs of plugin and pattern. `seconds` is 0 for a publish from inside a
    handler, which never waits.
    """

    def __init__(
        self, type: str, subscribers: Sequence[tuple[str, str]], *, size: int, seconds: float
    ) -> None:
        super().__init__(type, subscribers, size, seconds)
        self.type = type
        self.subscribers = tuple(subscribers)
        self.size = size
        self.seconds = seconds

    def __str__(self) -> str:
        within = (
            f"had no room for {self.type!r} within {self.seconds:g} s"
            if self.seconds
            else f"has no room for {self.type!r}, and a publish from inside a handler never waits"
        )
        return (
            f"the mailbox of {_subscribers(self.subscribers)} {within}: {self.size} events wait"
            " there. Its handler is too slow or hangs; make it faster, or subscribe it with"
            " when_full='drop', or raise events.mailbox."
        )


class NotHandled(EventError):
    """Subscribers had not handled an event in time; it stays with them and will be handled."""

    def __init__(self, type: str, subscribers: Sequence[tuple[str, str]], seconds: float) -> None:
        super().__init__(type, subscribers, seconds)
        self.type = type
        self.subscribers = tuple(subscribers)
        self.seconds = seconds

    def __str__(self) -> str:
        return (
            f"{_subscribers(self.subscribers)} had not handled {self.type!r} within"
            f" {self.seconds:g} s. It is still in the mailbox; raise `seconds`, or publish without"
            " wait=True."
        )


class NestedWait(EventError):
    """A handler would wait for other handlers, and perhaps for itself."""

    def __init__(self, type: str, handling: str) -> None:
        super().__init__(type, handling)
        self.type = type
        self.handling = handling

    def __str__(self) -> str:
        return (
            f"{self.type!r} is published with wait=True inside a handler of {self.handling!r};"
            " handlers that wait for handlers can wait for themselves. Publish without wait=True."
        )


class ServiceError(MartyError):
    """The service registry cannot do what was asked."""


class InvalidService(ServiceError):
    """A service, or a query for one, that makes no sense; `problems` holds all that was found."""

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        super().__init__(where, problems)
        self.where = where
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return f"{self.where} cannot be used: {'; '.join(self.problems)}."


class ForeignService(ServiceError):
    """Only who registered a service may replace it or take it back."""

    def __init__(self, id: str, owner: str, plugin: str) -> None:
        super().__init__(id, owner, plugin)
        self.id = id
        self.owner = owner
        self.plugin = plugin

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} may not change the service {self.id!r}: it was registered by"
            f" {self.owner!r}. Register yours with another id, or let {self.owner!r} do it."
        )


class UnknownService(ServiceError):
    """Nobody has registered this id, or it has expired."""

    def __init__(self, id: str, known: Sequence[str], plugin: str) -> None:
        super().__init__(id, known, plugin)
        self.id = id
        self.known = tuple(known)
        self.plugin = plugin

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} has no service {self.id!r}: it was never registered, or no"
            f" heartbeat came in time.{did_you_mean(self.id, self.known)} Register it again."
        )


class ServingError(MartyError):
    """What was named cannot be served."""


class CannotListen(ServingError):
    """The address of a server is taken, forbidden, or none of this machine's.

    `settings` says in words what decides about the address.
    """

    def __init__(
        self,
        host: str,
        port: int,
        reason: str,
        *,
        taken: bool = False,
        settings: str = "--host and --port, or service.host and service.port",
    ) -> None:
        super().__init__(host, port, reason, taken, settings)
        self.host = host
        self.port = port
        self.reason = reason
        self.taken = taken
        self.settings = settings

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        then = (
            "Stop the program that listens there, or take another port (0 takes a free one):"
            if self.taken
            else "Give an address of this machine and a port that you may use:"
        )
        return f"cannot listen on {host}:{self.port}: {self.reason}. {then} {self.settings}."


class NoApplication(ServingError):
    """`module:name` leads to no ASGI application."""

    def __init__(self, target: str, found: str, advice: str) -> None:
        super().__init__(target, found, advice)
        self.target = target
        self.found = found
        self.advice = advice

    def __str__(self) -> str:
        return f"the application {self.target!r} cannot be served: {self.found}. {self.advice}"


class StartupFailed(ServingError):
    """The application's lifespan failed before it could be served; the log has said why."""

    def __str__(self) -> str:
        return "the application did not start; what was logged just before this says why."


class WorkersApart(ServingError):
    """The workers of one service cannot hear each other."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"the workers of this service cannot hear each other: {self.reason}. What is reloaded,"
            " enabled or disabled in this one is not in the others. Set XDG_RUNTIME_DIR to a folder"
            " with a short path that belongs to this user alone."
        )


class WrongLoop(ServingError):
    """A server is started in an event loop that it cannot run in."""

    def __init__(self, needed: str) -> None:
        super().__init__(needed)
        self.needed = needed

    def __str__(self) -> str:
        return (
            f"uvicorn runs on {self.needed} alone, and this is another event loop. Start the program"
            f' with anyio.run(main, backend="{self.needed}"), or serve with a server of that loop.'
        )


class MissingExtra(MartyError):
    """Something needs a package that is not installed; an extra of ours brings it."""

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(what, package, extra)
        self.what = what
        self.package = package
        self.extra = extra

    def __str__(self) -> str:
        return (
            f"{self.what} needs {self.package}, which is not installed."
            f' Install it with the extra {self.extra!r}: pip install "marty-chassis[{self.extra}]"'
        )


class NoService(MartyError):
    """A running service cannot be asked through its management API."""

    def __init__(self, url: str, found: str, advice: str) -> None:
        super().__init__(url, found, advice)
        self.url = url
        self.found = found
        self.advice = advice

    def __str__(self) -> str:
        return f"no service can be asked at {self.url}: {self.found}. {self.advice}"


class NotMade(MartyError):
    """Something was asked for before it was made."""

    def __init__(self, asked: str, first: str) -> None:
        super().__init__(asked, first)
        self.asked = asked
        self.first = first

    def __str__(self) -> str:
        return f"{self.asked}() was called before anything was made. Await {self.first}() first."


class LifecycleError(MartyError):
    """A plugin cannot be moved as asked."""


class PluginNotReady(LifecycleError):
    """Raise it in `initialize` or `start`: what the plugin needs is not there yet.

    The plugin is tried again with growing pauses, or after `retry_after` seconds. It is no fault.
    """

    def __init__(self, reason: str = "", retry_after: float | None = None) -> None:
        super().__init__(reason, retry_after)
        self.reason = reason
        self.retry_after = retry_after

    def __str__(self) -> str:
        return self.reason or "not ready"


class UnknownPlugin(LifecycleError):
    """No plugin here has this name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = tuple(known)

    def __str__(self) -> str:
        return (
            f"no plugin here is called {self.name!r}.{did_you_mean(self.name, self.known)}"
            " `marty plugins list` shows those that are."
        )


class PluginBusy(LifecycleError):
    """Another move of the plugin is under way."""

    def __init__(self, name: str, doing: str) -> None:
        super().__init__(name, doing)
        self.name = name
        self.doing = doing

    def __str__(self) -> str:
        return f"plugin {self.name!r} is {self.doing}. Ask again when that is over."


class PluginExists(LifecycleError):
    """A plugin of this name is here already."""

    def __init__(self, name: str, source: str) -> None:
        super().__init__(name, source)
        self.name = name
        self.source = source

    def __str__(self) -> str:
        return (
            f"plugin {self.name!r} is here already, from {self.source}."
            " Unload it first, or give the other one another name."
        )


class PluginDisabled(LifecycleError):
    """A plugin that the operator has disabled is to be started."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"plugin {self.name!r} is disabled. Enable it first."


class PluginRequired(LifecycleError):
    """The service cannot do without the plugin."""

    def __init__(self, name: str, required: Sequence[str]) -> None:
        super().__init__(name, required)
        self.name = name
        self.required = tuple(required)

    def __str__(self) -> str:
        who = ", ".join(repr(name) for name in self.required)
        needs = f"would take {who} with it, and that is"
        if self.required == (self.name,):
            needs = "is"
        return (
            f"plugin {self.name!r} {needs} required: without it every request of the application"
            " is answered with 503. Use force, or set plugins.settings.<name>.required to false."
        )


class PluginUnavailable(LifecycleError):
    """A plugin that another one asks for is not started."""

    def __init__(self, name: str, found: str) -> None:
        super().__init__(name, found)
        self.name = name
        self.found = found

    def __str__(self) -> str:
        return (
            f"plugin {self.name!r} cannot be used, it is {self.found}."
            " Name it in `dependencies`, and ask for it anew each time."
        )


class PluginGone(LifecycleError):
    """Something is used that belongs to a run of a plugin that is over."""

    def __init__(self, plugin: str, what: str) -> None:
        super().__init__(plugin, what)
        self.plugin = plugin
        self.what = what

    def __str__(self) -> str:
        return (
            f"{self.what}: this run of plugin {self.plugin!r} is over, and what it registered has"
            " been undone. Keep nothing of its context after `stop`."
        )


class GroupFailed(LifecycleError):
    """A task group that a plugin holds open has failed."""

    def __init__(self, plugin: str) -> None:
        super().__init__(plugin)
        self.plugin = plugin

    def __str__(self) -> str:
        return (
            f"a task group that plugin {self.plugin!r} holds open has failed."
            " Close it in `stop`, where it raises what has happened; or use context.tasks."
        )


class NotRunning(LifecycleError):
    """Plugins are moved while the service does not run."""

    def __init__(self, asked: str) -> None:
        super().__init__(asked)
        self.asked = asked

    def __str__(self) -> str:
        return (
            f"{self.asked}: plugins are not running here. Start them first, with the application's"
            " lifespan, `async with chassis:` or `await manager.start()`."
        )


class StartAborted(LifecycleError):
    """The service did not start; `reasons` has one line for each plugin that stood in the way."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__(reasons)
        self.reasons = dict(reasons)

    def __str__(self) -> str:
        lines = "".join(f"\n  {name}: {reason}" for name, reason in self.reasons.items())
        return f"the service does not start without these plugins:{lines}"


class WrongMove(LifecycleError):
    """A state that cannot follow another: a mistake of the chassis, never of a plugin."""

    def __init__(self, plugin: str, before: str, after: str) -> None:
        super().__init__(plugin, before, after)
        self.plugin = plugin
        self.before = before
        self.after = after

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} cannot go from {self.before} to {self.after}."
            " This is a mistake in marty-chassis: please report it."
        )


class DependencyError(LifecycleError):
    """What a plugin needs cannot be had."""


class InvalidRequirement(DependencyError):
    """A dependency that cannot be read."""

    def __init__(self, plugin: str, written: str) -> None:
        super().__init__(plugin, written)
        self.plugin = plugin
        self.written = written

    def __str__(self) -> str:
        return (
            f"plugin {self.plugin!r} depends on {self.written!r}, which cannot be read."
            ' Write a name, with versions if they matter: "metrics" or "metrics>=1.2,<2".'
        )


class DependencyCycle(DependencyError):
    """Plugins wait for each other."""

    def __init__(self, path: Sequence[str]) -> None:
        super().__init__(path)
        self.path = tuple(path)

    def __str__(self) -> str:
        drawn = "\n".join(
            f"  {'└─> ' if number else '    '}{name}" for number, name in enumerate(self.path)
        )
        return f"plugins wait for each other:\n{drawn}\nRemove one of these dependencies."


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Give " Did you mean 'x'?" for the nearest known word, or nothing."""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


def _shown(found: object, limit: int = 80) -> str:
    text = repr(found)
    return text if len(text) <= limit else f"{text[:limit]}..."


def _subscribers(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{plugin!r} ({pattern})" for plugin, pattern in pairs)
