"""`context.extension_points`: handlers and extension points, registered at run time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marty_chassis.errors import ContractError

from .answers import Answer
from .points import ExtensionPoint
from .registrations import Registrations


class ExtensionPointManager:
    """Registers handlers and extension points in one owner's name, and asks them.

    What a plugin registers through its own manager is undone when the plugin stops.
    """

    def __init__(self, registrations: Registrations) -> None:
        self._registrations = registrations

    def register_handler(
        self, name: str, handler: Callable[..., Any], priority: int | None = None
    ) -> None:
        """Have a function asked at an extension point; lower priorities are asked first.

        Raises `UnknownHook` (with "did you mean") and `WrongArguments`.
        """
        self._registrations.add_handler(name, handler, {"priority": priority})

    def unregister_handler(self, name: str, handler: Callable[..., Any]) -> None:
        """Take a handler back; raises `ContractError` when it is not registered."""
        found = self._registrations.handlers(name, handler)
        if not found:
            raise ContractError(
                f"{handler!r} is not a handler of {name!r} by {self._registrations.plugin!r}."
                " Pass the same function that was registered."
            )
        self._registrations.remove_handler(found[-1])

    def register_extension_point(self, point: ExtensionPoint) -> None:
        """Make a new extension point; raises `ExtensionPointClash` when its name is taken."""
        self._registrations.add_point(point)

    def unregister_extension_point(self, name: str) -> None:
        """Take an extension point back."""
        self._registrations.remove_point(name)

    def list_extension_points(self) -> list[str]:
        """The dotted names of all extension points, the contract's and the custom ones."""
        points = self._registrations.manager.current.points.values()
        return sorted(state.spec.name for state in points)

    async def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Ask all handlers of a point; the answers become one in the way of its type."""
        return await self._registrations.manager.hooks.call(name, *args, **kwargs)

    async def call_detailed(self, name: str, *args: Any, **kwargs: Any) -> list[Answer[Any]]:
        """Ask all handlers of a point; each answer with its plugin, seconds and error."""
        return await self._registrations.manager.hooks.call_detailed(name, *args, **kwargs)

    def __repr__(self) -> str:
        return f"<ExtensionPointManager of {self._registrations.plugin}>"
