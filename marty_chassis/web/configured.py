"""`middleware:` of the configuration: each entry is a plugin that wraps the application."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from marty_chassis.settings.names import canonical
from marty_hookspecs import PluginMetadata

from .wrapping import ConfiguredMiddleware, configured_wrap

if TYPE_CHECKING:
    from marty_chassis.settings import MiddlewareSettings


def configured_plugins(entries: Sequence[MiddlewareSettings]) -> Iterator[ConfiguredMiddleware]:
    """Give a plugin for each entry; the first one is outermost, around those of other plugins.

    Each is named as its entry says, or after its class, with a number where there are several.
    Raises `WrongMiddleware` for what cannot be imported.
    """
    seen: Counter[str] = Counter()
    for position, entry in enumerate(entries):
        name = canonical(entry.name or entry.use.rpartition(":")[2].rpartition(".")[2])
        seen[name] += 1
        number = f"-{seen[name]}" if seen[name] > 1 else ""
        made = configured_wrap(entry.use, entry.options, priority=position)
        made.plugin_metadata = PluginMetadata(
            f"{name}{number}",
            description=f"{entry.use}, from the configuration",
            # Without us a middleware that cannot be made stops the application too.
            required=True,
        )
        yield made
