"""Asynchronous where it means nothing, generators where an answer is wanted, wrappers."""

from __future__ import annotations

from collections.abc import Iterator

from marty_hookspecs import ExtensionPointType

from .contract import HOOKS
from .finding import Finding
from .parts import Part
from .source import Source


def check(source: Source) -> Iterator[Finding]:
    """Look at every function that the chassis calls."""
    for part in source.outline.parts:
        if not part.known_shape:
            continue
        options = part.mark.options if part.mark else {}
        if options.get("wrapper") or options.get("hookwrapper"):
            yield from _wrapper(part, source)
        elif (part.hook or part.method) and part.yields:
            yield source.finding(
                "generator",
                part.node,
                f"{part.name!r} yields, and so gives a generator and no answer",
                "Return the answer; a wrapper around the other plugins is marked wrapper=True.",
            )
        if part.asynchronous and options.get("blocking"):
            yield source.finding(
                "async-blocking",
                part.node,
                f"{part.name!r} is asynchronous, so blocking=True puts it into no thread",
                "Write it without async, or await anyio.to_thread.run_sync(...) where it blocks.",
            )
        if part.asynchronous and part.method and not part.method.asynchronous:
            yield source.finding(
                "async-getter",
                part.node,
                f"{part.name!r} is a plain function of {part.method.interface}, and this one is"
                " not: it is awaited, and no type checker allows it",
                f"Write def {part.name}(...).",
            )


def _wrapper(part: Part, source: Source) -> Iterator[Finding]:
    old = bool(part.mark and part.mark.options.get("hookwrapper"))
    if old:
        message = f"{part.name!r} is an old-style wrapper, which is refused"
        hint = "Write wrapper=True, and return what the yield gave."
    elif part.hook in HOOKS and HOOKS[part.hook].spec.type is not ExtensionPointType.HOOK:
        # The chassis asks these plugin by plugin: each answer is checked, and is somebody's.
        message = f"a wrapper means nothing for {HOOKS[part.hook].spec.name}, and is left out"
        hint = (
            "Implement middleware_process, and await call_next(request) in it."
            if part.hook.startswith("middleware_")
            else "Answer as every plugin does; priority=... says before or after whom."
        )
    elif part.asynchronous or not part.yields:
        message = f"{part.name!r} is a wrapper, and no generator that yields once"
        hint = "Write it without async, with one yield where the other plugins are called."
    else:
        return
    yield source.finding("bad-wrapper", part.node, message, hint)
