"""Existing ASGI middleware, brought by plugins and put around everything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send

from marty_chassis.errors import WrongMiddleware, did_you_mean
from marty_chassis.hooks import Generation, Handler, Part, Selector
from marty_hookspecs import PluginMetadata, hookimpl

from .contained import PASSING
from .paths import below

HOOK = "web_wrap"

INSIDE: ContextVar[Part[None, ASGIApp]] = ContextVar("marty_inside")
"""What lies inside of all layers of the host that is serving here.

The part and not what it made, as what a request has started keeps its context variables, and is not
to keep the request's generation.
"""


class Next:
    """The application that a middleware is given: the next layer of the request's generation.

    So a middleware is made once for each start of its plugin, while others come and go around it.
    """

    def __init__(self, selector: Selector) -> None:
        self._selector = selector

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run whatever is inside of the middleware."""
        generation = self._selector.pinned()
        try:
            inside = generation.part(LAYERS).after(self) or generation.part(INSIDE.get())
            await inside(scope, receive, send)
        except BaseException as error:
            PASSING.get().append(error)
            raise

    def __repr__(self) -> str:
        return "<Next: what is inside of this middleware>"


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One middleware, made, and the application it was given."""

    handler: Handler
    wrapped: ASGIApp
    next: Next


class Layers:
    """The layers of one generation, the one with the lowest priority outermost."""

    def __init__(self, layers: list[Layer]) -> None:
        self._layers = sorted(layers, key=lambda layer: layer.handler.order)
        self._after: dict[Next, ASGIApp | None] = {layer.next: None for layer in self._layers}
        self._after |= {outer.next: _entered(inner) for outer, inner in pairwise(self._layers)}

    def __bool__(self) -> bool:
        return bool(self._layers)

    def around(self, part: Part[None, ASGIApp], generation: Generation) -> ASGIApp:
        """Put all layers around what a part makes of their generation; that itself without any."""
        if not self._layers:
            return generation.part(part)
        outermost = _entered(self._layers[0])

        async def through(scope: Scope, receive: Receive, send: Send) -> None:
            errors: list[BaseException] = []
            token, passing = INSIDE.set(part), PASSING.set(errors)
            try:
                await outermost(scope, receive, send)
            finally:
                errors.clear()  # Their tracebacks hold this frame.
                PASSING.reset(passing)
                INSIDE.reset(token)

        return through

    def after(self, next: Next) -> ASGIApp | None:
        """The layer after one; `None` after the last.

        Raises `RuntimeError` for one that is not of this generation: what a middleware has started
        outlives the request and the middleware itself. It is not to pass by those after it.
        """
        try:
            return self._after[next]
        except KeyError:
            raise RuntimeError("the request is over, and this middleware was replaced") from None

    def __repr__(self) -> str:
        return f"<Layers {', '.join(layer.handler.plugin for layer in self._layers) or 'none'}>"


def _layers(generation: Generation) -> Layers:
    return Layers([layer for _, layer in generation.entries(LAYERS)])


LAYERS: Part[Layer, Layers] = Part("layers", _layers)
"""What plugins answered to `web.wrap`."""


def _entered(layer: Layer) -> ASGIApp:
    scope_of_plugin = layer.handler.scope
    if scope_of_plugin is None:
        return layer.wrapped
    prefix = scope_of_plugin

    async def entered(scope: Scope, receive: Receive, send: Send) -> None:
        app = layer.wrapped if below(prefix, scope) else layer.next
        await app(scope, receive, send)

    return entered


class ConfiguredMiddleware:
    """A plugin made of an entry of the configuration's `middleware`: a class and its options.

    Making it around what is inside raises `WrongMiddleware` for options that do not fit.
    """

    plugin_metadata: PluginMetadata

    def __init__(
        self,
        use: str,
        make: Callable[..., ASGIApp],
        options: Mapping[str, Any],
        priority: int | None = None,
    ) -> None:
        self.use = use
        self._make = make
        self._options = dict(options)

        # A function of the instance's own, because its priority is.
        @hookimpl(priority=priority)
        def web_wrap(app: ASGIApp) -> ASGIApp:
            return self._made(app)

        self.web_wrap = web_wrap

    def _made(self, app: ASGIApp) -> ASGIApp:
        try:
            return self._make(app, **self._options)
        except TypeError as error:
            raise WrongMiddleware(
                self.use,
                f"making it with the options {', '.join(self._options) or '(none)'} raised"
                f" TypeError: {error}",
                "See its documentation for what it takes besides the application.",
            ) from error

    def __repr__(self) -> str:
        return f"<ConfiguredMiddleware {self.use}>"


def configured_wrap(
    use: str, options: Mapping[str, Any] | None = None, *, priority: int | None = None
) -> ConfiguredMiddleware:
    """Give the plugin for `middleware: [{use: "module:Class", options: {...}}]`.

    Imports the module. Raises `WrongMiddleware`, which says what is missing.
    """
    module_name, colon, path = use.partition(":")
    if not (module_name and colon and path):
        raise WrongMiddleware(
            use,
            "it is not of the form module:Class",
            "Write for instance starlette.middleware.gzip:GZipMiddleware.",
        )
    found: Any = _imported(use, module_name)
    for name in path.split("."):
        known = dir(found)
        found = getattr(found, name, None)
        if found is None:
            raise WrongMiddleware(
                use,
                f"the module {module_name} has no {path}",
                f"Look at its spelling.{did_you_mean(name, known)}",
            )
    if not callable(found):
        raise WrongMiddleware(
            use,
            f"it is {type(found).__name__}, which cannot be called",
            "Name a class, or a function, that takes the application and gives one.",
        )
    return ConfiguredMiddleware(use, cast(Callable[..., ASGIApp], found), options or {}, priority)


def _imported(use: str, module_name: str) -> Any:
    try:
        return import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and not f"{module_name}.".startswith(f"{error.name}."):
            found = f"importing {module_name} needs {error.name}, which is not installed"
        else:
            found = f"there is no module {error.name}"
        raise WrongMiddleware(
            use, found, "Install what is missing, or correct the name."
        ) from error
    except Exception as error:
        raise WrongMiddleware(
            use,
            f"importing {module_name} raised {type(error).__name__}: {error}",
            "The module itself has to be mended.",
        ) from error
