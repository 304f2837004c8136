"""What the operator wrote cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .root import MartyError


class ConfigurationError(MartyError):
    """What the operator wrote cannot be used."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration; never holds a value, which may be a secret."""

    path: str
    """the key, dotted; empty for a whole file"""
    message: str
    place: str = ""
    """`config.yaml:11:5`, `env:MARTY_SERVICE__PORT`, `argument` ..."""
    hint: str = ""
    """what to do"""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"{self.place} {self.path}".strip()
        return f"{where}: {self.message}.{' ' if self.hint else ''}{self.hint}".lstrip(": ")


class InvalidConfiguration(ConfigurationError):
    """The configuration cannot be used; `problems` holds all that was found, not the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        count = len(self.problems)
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        return f"the configuration cannot be used, {count} problem{'s'[: count > 1]}:{lines}"


class InvalidPluginName(ConfigurationError):
    """A name that cannot stand in an address or in the name of an environment variable."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return (
            f"{self.name!r} cannot be a plugin's name. Use letters, digits and single"
            " hyphens, underscores or dots between them; two underscores separate keys in the"
            " names of environment variables."
        )


class ConfigurationExists(ConfigurationError):
    """A new configuration would overwrite a file."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path} exists already and is left as it is. Name another file, or remove it."


class WrongMiddleware(ConfigurationError):
    """A middleware of the configuration cannot be imported, or is none."""

    def __init__(self, use: str, found: str, advice: str) -> None:
        super().__init__(use, found, advice)
        self.use = use
        self.found = found
        self.advice = advice

    def __str__(self) -> str:
        return f"the middleware {self.use!r} cannot be used: {self.found}. {self.advice}"
