"""`@hookimpl`: pluggy's marker for this project, with a priority and a place to run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, overload

from pluggy import HookimplMarker

PROJECT_NAME: Final = "marty"
"""pluggy's project name: `pluggy.HookimplMarker("marty")` marks hookimpls just as well."""

F = TypeVar("F", bound=Callable[..., Any])


@overload
def hookimpl(function: F) -> F: ...
@overload
def hookimpl(
    function: None = None,
    *,
    priority: int | None = ...,
    blocking: bool = ...,
    tryfirst: bool = ...,
    trylast: bool = ...,
    wrapper: bool = ...,
    optionalhook: bool = ...,
    specname: str | None = ...,
) -> Callable[[F], F]: ...
def hookimpl(
    function: F | None = None,
    *,
    priority: int | None = None,
    blocking: bool = False,
    tryfirst: bool = False,
    trylast: bool = False,
    wrapper: bool = False,
    optionalhook: bool = False,
    specname: str | None = None,
) -> F | Callable[[F], F]:
    """Mark a function or method as an implementation of the hook it is named after.

    priority: lower is called first, or further out; 100 when not given.
    blocking: the function is synchronous and may block: it runs in a thread.
    wrapper: a synchronous generator that yields once, around all the others.
    optionalhook: no error when no such hook exists.
    specname: the hook it implements, dotted or with underscores, when it has another name.
    """

    def mark(marked: F) -> F:
        hook = specname.replace(".", "_") if specname else None
        HookimplMarker(PROJECT_NAME)(
            marked,
            tryfirst=tryfirst,
            trylast=trylast,
            wrapper=wrapper,
            optionalhook=optionalhook,
            specname=hook,
        )
        # pluggy keeps options it does not know in `HookImpl.opts`, untouched.
        getattr(marked, f"{PROJECT_NAME}_impl").update(priority=priority, blocking=blocking)
        return marked

    return mark if function is None else mark(function)
