"""Extension points made at run time: `ExtensionPoint(name="data.transform", ...)`."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from marty_chassis.errors import ContractError
from marty_hookspecs import ErrorPolicy, ExtensionPointType, Point, PointSpec, extension_point

_MADE_HERE = frozenset(
    {
        ExtensionPointType.FILTER,
        ExtensionPointType.ACTION,
        ExtensionPointType.HOOK,
        ExtensionPointType.PROVIDER,
    }
)


@dataclass(frozen=True)
class ExtensionPoint:
    """A hook specification made at run time.

    parameters: the arguments' names and, in words, their types: `{"data": "Dict[str, Any]"}`.
    return_type: in words, what one plugin answers.
    on_error: KEEP for a filter and REPORT for the others, when not given.
    deadline: seconds that one plugin may take; `None` awaits it directly.
    copy: whether each plugin gets a deep copy of the value.

    Raises `ContractError` for names that cannot be Python's, and for the type AROUND.
    """

    name: str
    type: ExtensionPointType = ExtensionPointType.HOOK
    description: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    return_type: str = "None"
    on_error: ErrorPolicy | None = None
    deadline: float | None = None
    copy: bool = False

    def __post_init__(self) -> None:
        for word in (self.hook, *self.parameters):
            if not word.isidentifier() or keyword.iskeyword(word) or word.startswith("_"):
                raise ContractError(
                    f"extension point {self.name!r}: {word!r} cannot be used as a name."
                    " Use words of letters, digits and underscores, with dots between them."
                )
        if self.type not in _MADE_HERE:
            raise ContractError(
                f"extension point {self.name!r}: the type {self.type.name} belongs to the web"
                " host. Use FILTER, ACTION, HOOK or PROVIDER."
            )
        if self.type is ExtensionPointType.FILTER and not self.parameters:
            raise ContractError(
                f"extension point {self.name!r}: a FILTER needs a parameter to pass on."
                ' Give parameters={"data": "..."}.'
            )

    @property
    def hook(self) -> str:
        """The name that pluggy knows."""
        return self.name.replace(".", "_")

    @property
    def spec(self) -> PointSpec[Any, Any]:
        """The same facts in the contract's words."""
        filters = self.type is ExtensionPointType.FILTER
        policy = self.on_error or (ErrorPolicy.KEEP if filters else ErrorPolicy.REPORT)
        return PointSpec(self.name, self.type, policy, self.deadline, self.copy)

    def specification(self) -> Point[..., Any, Any]:
        """Make the real function that pluggy needs: it reads arguments from the code object."""
        # Every word has been checked to be an identifier, so nothing else can be compiled here.
        source = f"async def {self.hook}({', '.join(self.parameters)}): ..."
        space: dict[str, Callable[..., Any]] = {}
        exec(compile(source, f"<extension point {self.name}>", "exec"), space)
        function = space[self.hook]
        function.__doc__ = self.description
        spec = self.spec
        # The overloads tell types apart that are known where they are written; this one is not.
        make: Callable[..., Any] = cast("Callable[..., Any]", extension_point)
        point: Point[..., Any, Any] = make(
            spec.name,
            type=spec.type,
            on_error=spec.on_error,
            deadline=spec.deadline,
            copy=spec.copy,
        )(function)
        return point
