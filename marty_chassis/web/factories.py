"""Making an application with plugins: Starlette, FastAPI, and the specification's awaited doors.

Nothing of a plugin but its import runs here. The application's lifespan does the rest, in the event
loop that serves it, which need not be the one that the application was made in.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from marty_chassis.errors import MissingExtra, NotMade
from marty_chassis.settings import ChassisConfig

from .chassis import Chassis, configuration
from .embedding import embedded

if TYPE_CHECKING:
    from fastapi import FastAPI

    from marty_chassis.plugins import PluginManager

Configuration = ChassisConfig | str | os.PathLike[str]
Folders = Iterable[str | os.PathLike[str]]


def create_app(
    config: Configuration | None = None,
    *,
    name: str | None = None,
    routes: Sequence[BaseRoute] = (),
    plugin_directories: Folders = (),
    plugins: Iterable[object] = (),
    **starlette: Any,
) -> Starlette:
    """Make a Starlette application with plugins, for `uvicorn module:app`.

    config: a configuration, or the file that holds it; the defaults and the environment without.
    name: the service's, instead of the configured one.
    plugin_directories: more plugin folders, from the working directory.
    plugins: plugins that are here already: instances, classes, modules.
    starlette: Starlette's own arguments (`middleware`, `exception_handlers`, `lifespan`, ...).

    Raises `InvalidConfiguration` with all that is wrong. A broken plugin raises nothing: it is in
    `app.state.plugin_manager.status()`, and the rest runs.
    """
    chassis = Chassis(_named(config, name), plugins=plugins, plugin_directories=plugin_directories)
    return embedded(Starlette, chassis, routes=routes, **starlette)


def create_fastapi_app(
    config: Configuration | None = None,
    *,
    name: str | None = None,
    plugin_directories: Folders = (),
    plugins: Iterable[object] = (),
    **fastapi: Any,
) -> FastAPI:
    """Make a FastAPI application with plugins; its title is the service's name.

    Takes what `create_app` takes, with FastAPI's own arguments. Raises `MissingExtra` where FastAPI
    is not installed.
    """
    kind = _fastapi()
    chassis = Chassis(_named(config, name), plugins=plugins, plugin_directories=plugin_directories)
    service = chassis.config.service
    return embedded(kind, chassis, **{"title": service.name, "version": service.version} | fastapi)


async def create_plugin_enabled_fastapi_service(
    name: str,
    plugin_directories: Folders = (),
    *,
    config: Configuration | None = None,
    plugins: Iterable[object] = (),
    **fastapi: Any,
) -> FastAPI:
    """The specification's door to `create_fastapi_app`; it awaits nothing."""
    return create_fastapi_app(
        config, name=name, plugin_directories=plugin_directories, plugins=plugins, **fastapi
    )


class PluginEnabledServiceFactory:
    """The specification's factory: one configuration, and the plugin manager of what it made."""

    def __init__(self, config: Configuration | None = None) -> None:
        self._config = configuration(config)
        self._made: Chassis | None = None

    async def create_fastapi_service_with_plugins(
        self,
        name: str,
        plugin_directories: Folders = (),
        *,
        enable_auth: bool = False,
        enable_metrics: bool | None = None,
        plugins: Iterable[object] = (),
        **fastapi: Any,
    ) -> FastAPI:
        """Make a FastAPI application with plugins; it awaits nothing.

        enable_auth: require the plugin jwt-authentication. Where it is missing, or does not start,
            every request of the application is answered 503, and the log and `/plugins/status` say
            why.
        enable_metrics: start the plugin custom-metrics, with its defaults where the configuration
            has no section for it, or keep it from starting; None leaves that to the configuration.
            Without its extra the service runs without it, and `/plugins/status` says why. The
            chassis's own metrics are always on.
        """
        sections: dict[str, Any] = {}
        settings: dict[str, Any] = {}
        if enable_auth:
            settings["jwt-authentication"] = {"required": True}
        if enable_metrics is not None:
            settings["custom-metrics"] = {"enabled": enable_metrics}
        if enable_metrics:
            sections["custom-metrics"] = {}
        changes = {"service": {"name": name}, "plugins": {**sections, "settings": settings}}
        config = self._config.rebuilt(overrides=changes)
        app = create_fastapi_app(
            config, plugin_directories=plugin_directories, plugins=plugins, **fastapi
        )
        self._made = app.state.chassis
        return app

    def get_plugin_manager(self) -> PluginManager:
        """The plugin manager of the service that was made last; raises `NotMade` before."""
        if self._made is None:
            raise NotMade("get_plugin_manager", "create_fastapi_service_with_plugins")
        return self._made.plugin_manager

    def __repr__(self) -> str:
        return f"<PluginEnabledServiceFactory of {self._config.path or 'defaults'}>"


def _named(config: Configuration | None, name: str | None) -> ChassisConfig:
    configured = configuration(config)
    if name is None:
        return configured
    return configured.rebuilt(overrides={"service": {"name": name}})


def _fastapi() -> type[FastAPI]:
    try:
        from fastapi import FastAPI
    except ImportError:
        raise MissingExtra("a FastAPI application", "fastapi", "fastapi") from None
    return FastAPI
