"""The name of a new project: how it is spelled where, and which names nothing can have."""

from __future__ import annotations

import keyword
import sys
from dataclasses import dataclass
from typing import Final

import click

from marty_chassis.discovery.bundled import BUNDLED
from marty_chassis.errors import InvalidPluginName
from marty_chassis.settings.names import RESERVED, canonical, folded

FOLDERS: Final = frozenset({"plugins", "src", "tests"})
"""Folders of the project itself."""
NEEDED: Final = frozenset(
    {
        "anyio",
        "click",
        "cryptography",
        "dotenv",
        "fastapi",
        "hatchling",
        "httptools",
        "httpx2",
        "hypothesis",
        "jwt",
        "loguru",
        "marty_chassis",
        "marty_hookspecs",
        "opentelemetry",
        "packaging",
        "pluggy",
        "prometheus_client",
        "pydantic",
        "pydantic_settings",
        "pytest",
        "ruamel",
        "starlette",
        "trio",
        "typing_extensions",
        "uvicorn",
        "uvloop",
        "watchfiles",
        "websockets",
    }
)
"""What the project, or what it stands on, imports: of two packages of a name, one is not found."""
LONGEST: Final = 64
"""Files are called after it, with more around it; 255 bytes are the limit of most file systems."""


@dataclass(frozen=True, slots=True)
class Name:
    """One name, folded as PEP 503 does: `Rate_Limit` and `rate-limit` are the same."""

    project: str
    """`rate-limit`: the folder, the distribution, the plugin."""

    @classmethod
    def of(cls, given: str) -> Name:
        """Give the name of a project; raises BadParameter for what no package can be called."""
        try:
            name = cls(canonical(given))
        except InvalidPluginName:
            raise _refused(
                given, "a name has letters, digits, and single hyphens between them"
            ) from None
        if len(name.project) > LONGEST:
            raise _refused(given, f"it has {len(name.project)} characters, {LONGEST} are allowed")
        package = name.package
        if not package.isidentifier() or keyword.iskeyword(package):
            raise _refused(given, f"nothing can be imported that is called {package!r}")
        if package in sys.stdlib_module_names | {"test"}:  # Python's own tests; not in the set.
            raise _refused(given, f"it would hide the module {package!r} of Python itself")
        if package in NEEDED:
            raise _refused(given, f"it would hide the package {package!r}, which it stands on")
        if package in FOLDERS:
            raise _refused(given, f"{package!r} is a folder of the project")
        return name

    @classmethod
    def of_plugins(cls, given: str) -> Name:
        """Give the name of a project with plugins; raises for what no plugin can be called, too."""
        name = cls.of(given)
        if name.project in map(folded, RESERVED):
            raise _refused(given, f"plugins.{name.package} is a key of every configuration")
        for plugin in name.plugins:
            if plugin in BUNDLED:
                raise _refused(given, f"marty-chassis brings a plugin {plugin!r} already")
        return name

    @property
    def package(self) -> str:
        """`rate_limit`: what is imported."""
        return self.project.replace("-", "_")

    @property
    def plugins(self) -> tuple[str, str]:
        """The plugins of a new package: the class, and the functions."""
        return self.project, f"{self.project}-metrics"

    @property
    def plugin_class(self) -> str:
        """`RateLimitPlugin`."""
        return "".join(map(str.capitalize, self.project.split("-"))) + "Plugin"


def _refused(given: str, why: str) -> click.BadParameter:
    return click.BadParameter(
        f"{given!r} cannot be the name: {why}. Take another one, for instance 'rate-limit'.",
        param_hint="NAME",
    )
