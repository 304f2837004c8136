"""A class of the IPlugin family that nobody finds, because it says nothing about itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .finding import Finding
from .source import Source


def check(sources: Sequence[Source]) -> Iterator[Finding]:
    """Look at the files of one plugin file or package, if there is no plugin in them at all."""
    outlines = [source.outline for source in sources]
    if any(one.is_module_plugin or any(one.declarations) for one in outlines):
        return
    for source in sources:
        for name, one in source.outline.classes.items():
            hooks = any(part.mark for part in one.parts.values())
            used = name in source.outline.mentioned or name.startswith("_")
            if (one.family or hooks) and not used and source.kind != "installed":
                yield source.finding(
                    "not-decorated",
                    one.node,
                    f"{name} is no plugin: nothing says its name, so it is not found",
                    f'Write @plugin(name="{name.lower()}", version="1.0.0") above it.',
                )
