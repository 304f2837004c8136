"""What an extension point is: a hookspec with a dotted name, a type and a policy for errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, Literal, ParamSpec, Protocol, TypeVar, overload

from pluggy import HookspecMarker

from .marker import PROJECT_NAME

P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")
R_co = TypeVar("R_co", covariant=True)
"""What one plugin answers."""
A_co = TypeVar("A_co", covariant=True)
"""What the caller gets: the answers of all, combined. Covariant: `print(await ask(point))`."""


class ExtensionPointType(Enum):
    """How the answers of several plugins become one."""

    FILTER = "filter"
    """Each plugin receives what the one before it returned; `None` means no change."""
    ACTION = "action"
    """All run; the caller gets the list of results, `None` included."""
    HOOK = "hook"
    """All are told; nobody is asked for an answer."""
    PROVIDER = "provider"
    """The caller gets the list of the values that are not `None`, in the order of calling."""
    AROUND = "around"
    """Each plugin wraps the rest: `call_next` chains them, outermost first."""


class ErrorPolicy(Enum):
    """What becomes of the call when one plugin raises, runs late or answers nonsense."""

    KEEP = "keep"
    """The last good value is kept, the fault is reported, the rest run."""
    REPORT = "report"
    """The fault is reported, the rest run."""
    RAISE = "raise"
    """The fault is reported and the caller gets `HookFailed`."""


@dataclass(frozen=True, slots=True)
class PointSpec(Generic[R_co, A_co]):
    """What a hook specification says besides its signature and its words."""

    name: str
    """The dotted name: `service.pre_register`."""
    type: ExtensionPointType
    on_error: ErrorPolicy
    deadline: float | None = None
    """Seconds that one plugin may take; `None` awaits it directly and for ever."""
    copy: bool = False
    """Whether each plugin gets a deep copy, so that a failed one leaves no half-made change."""
    since: str = "1.0"
    """The version of the contract that brought the point."""
    deprecated: str | None = None
    """What to use instead; implementing the point then warns."""

    @property
    def hook(self) -> str:
        """The name that pluggy knows: all dots become underscores."""
        return self.name.replace(".", "_")


class Point(Protocol[P, R_co, A_co]):
    """A hookspec function, as a caller sees it: parameters, one answer, all answers combined."""

    @property
    def extension_point(self) -> PointSpec[R_co, A_co]:
        """The facts beside the signature."""
        ...

    @property
    def __name__(self) -> str: ...

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        """A specification has no body; ask plugins through `chassis.hooks.ask(point, ...)`."""
        ...


@overload
def extension_point(
    name: str,
    *,
    type: Literal[ExtensionPointType.FILTER, ExtensionPointType.AROUND],
    on_error: ErrorPolicy,
    deadline: float | None = ...,
    copy: bool = ...,
    since: str = ...,
    deprecated: str | None = ...,
    deprecated_arguments: dict[str, str] | None = ...,
) -> Callable[[Callable[P, Awaitable[R]]], Point[P, R, R]]: ...
@overload
def extension_point(
    name: str,
    *,
    type: Literal[ExtensionPointType.PROVIDER],
    on_error: ErrorPolicy,
    deadline: float | None = ...,
    copy: bool = ...,
    since: str = ...,
    deprecated: str | None = ...,
    deprecated_arguments: dict[str, str] | None = ...,
) -> Callable[[Callable[P, Awaitable[R | None]]], Point[P, R, list[R]]]: ...
@overload
def extension_point(
    name: str,
    *,
    type: Literal[ExtensionPointType.ACTION],
    on_error: ErrorPolicy,
    deadline: float | None = ...,
    copy: bool = ...,
    since: str = ...,
    deprecated: str | None = ...,
    deprecated_arguments: dict[str, str] | None = ...,
) -> Callable[[Callable[P, Awaitable[R]]], Point[P, R, list[R]]]: ...
@overload
def extension_point(
    name: str,
    *,
    type: Literal[ExtensionPointType.HOOK],
    on_error: ErrorPolicy,
    deadline: float | None = ...,
    copy: bool = ...,
    since: str = ...,
    deprecated: str | None = ...,
    deprecated_arguments: dict[str, str] | None = ...,
) -> Callable[[Callable[P, Awaitable[None]]], Point[P, None, None]]: ...
def extension_point(
    name: str,
    *,
    type: ExtensionPointType,
    on_error: ErrorPolicy,
    deadline: float | None = None,
    copy: bool = False,
    since: str = "1.0",
    deprecated: str | None = None,
    deprecated_arguments: dict[str, str] | None = None,
) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a hook specification with a dotted name.

    The function stays a plain function, so pluggy reads its arguments; `deprecated` and
    `deprecated_arguments` become pluggy's warnings for whoever implements it. Raises `ValueError`
    when the function is not called as the dotted name with underscores.
    """
    spec: PointSpec[Any, Any] = PointSpec(name, type, on_error, deadline, copy, since, deprecated)

    def mark(function: Callable[..., Any]) -> Any:
        if function.__name__ != spec.hook:
            raise ValueError(
                f"the specification of {name!r} is called {function.__name__!r};"
                f" pluggy needs it to be {spec.hook!r}"
            )
        marked = HookspecMarker(PROJECT_NAME)(
            function,
            warn_on_impl=DeprecationWarning(f"{name} is deprecated: {deprecated}")
            if deprecated
            else None,
            warn_on_impl_args={
                argument: DeprecationWarning(f"{name}({argument}) is deprecated: {instead}")
                for argument, instead in (deprecated_arguments or {}).items()
            }
            or None,
        )
        marked.extension_point = spec  # type: ignore[attr-defined]
        return marked

    return mark
