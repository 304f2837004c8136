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

from .configuration import (
    ConfigurationError,
    ConfigurationExists,
    InvalidConfiguration,
    InvalidPluginName,
    Problem,
    WrongMiddleware,
)
from .contract import (
    ContractError,
    DiscoveryError,
    ExtensionPointClash,
    NotAPlugin,
    UnknownHook,
    WrongAnswer,
    WrongArguments,
)
from .events import (
    EventError,
    ForeignSource,
    InvalidEvent,
    MailboxFull,
    NestedWait,
    NotHandled,
    WrongHandler,
)
from .faults import (
    ApplicationEnded,
    DeadlineExceeded,
    HookFailed,
    PluginFault,
    TaskCancelled,
)
from .lifecycle import (
    DependencyCycle,
    DependencyError,
    GroupFailed,
    InvalidRequirement,
    LifecycleError,
    NotRunning,
    PluginBusy,
    PluginDisabled,
    PluginExists,
    PluginGone,
    PluginNotReady,
    PluginRequired,
    PluginUnavailable,
    StartAborted,
    UnknownPlugin,
    WrongMove,
)
from .root import (
    MartyError,
    did_you_mean,
)
from .services import (
    ForeignService,
    InvalidService,
    ServiceError,
    UnknownService,
)
from .serving import (
    CannotListen,
    MissingExtra,
    NoApplication,
    NoService,
    NotMade,
    ServingError,
    StartupFailed,
    WorkersApart,
    WrongLoop,
)

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
