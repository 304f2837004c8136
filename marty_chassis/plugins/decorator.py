"""`@plugin(...)`: a class says who it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from marty_hookspecs import FailurePolicy, PluginMetadata, ReloadPolicy

C = TypeVar("C", bound=type)


def plugin(
    name: str,
    version: str = "0.0.0",
    description: str = "",
    author: str = "",
    dependencies: Iterable[str] = (),
    optional_dependencies: Iterable[str] = (),
    provides: Iterable[str] = (),
    config_schema: type[Any] | None = None,
    contract: str = "",
    required: bool = False,
    failure_policy: FailurePolicy | None = None,
    reload: ReloadPolicy = "swap",
) -> Callable[[C], C]:
    """Make a class a plugin; the class stays as it is, but for its `plugin_metadata`.

    dependencies: names or capabilities, with versions where they matter: `"metrics>=1.2"`.
    config_schema: the pydantic model of the plugin's own section in the configuration.
    contract: versions of `marty_hookspecs` it works with: `">=1,<2"`.
    required: the service answers 503 while the plugin is not started.
    failure_policy: "open" lets requests pass when the plugin's request hooks fail.

    The words are checked when the plugin is found, and the error names its file. Raises `TypeError`
    when it decorates something that is no class.
    """
    metadata = PluginMetadata(
        name=name,
        version=version,
        description=description,
        author=author,
        dependencies=_words(dependencies),
        optional_dependencies=_words(optional_dependencies),
        provides=_words(provides),
        config_schema=config_schema,
        contract=contract,
        required=required,
        failure_policy=failure_policy,
        reload=reload,
    )

    def mark(marked: C) -> C:
        if not isinstance(marked, type):
            raise TypeError(
                f"@plugin(name={name!r}) stands on {marked!r}, which is no class."
                " A module says who it is with plugin_metadata = PluginMetadata(...)."
            )
        # Its own attribute, so that a subclass without a decorator is no second plugin.
        marked.plugin_metadata = metadata  # type: ignore[attr-defined]
        return marked

    return mark


def _words(given: Iterable[str]) -> tuple[str, ...]:
    # A lone text would become its letters; whoever finds the plugin says what to write instead.
    return given if isinstance(given, str) else tuple(given)  # type: ignore[return-value]
