"""Whatever the code offers is explained in the page that owns it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from marty_chassis.boundary import Detached
from marty_chassis.discovery.bundled import BUNDLED
from marty_chassis.events import PluginEventBus
from marty_chassis.hooks import ExtensionPointManager
from marty_chassis.lifecycle import Ledger
from marty_chassis.plugins import PluginContext, interfaces, plugin
from marty_chassis.plugins.metrics import Counter, Gauge, Metrics
from marty_chassis.plugins.siblings import Siblings
from marty_chassis.plugins.tasks import Tasks
from marty_chassis.services import PluginServiceRegistry
from marty_chassis.settings.names import LATER
from marty_chassis.settings.variables import OTHERS
from marty_chassis.web import management
from marty_chassis.web.response import AppResponse
from marty_hookspecs import ExtensionPointType, hookimpl
from marty_hookspecs.contract import points

from .made.fixtures import every_fixture
from .page import ROOT

SPECIFICATION = ROOT / "tests" / "specification" / "specification.md"
HANDLES: dict[type, set[str]] = {
    PluginEventBus: {"drain"},
    PluginServiceRegistry: set(),
    ExtensionPointManager: set(),
    Metrics: set(),
    Counter: set(),
    Gauge: set(),
    Tasks: set(),
    Siblings: set(),
    Ledger: {"last", "close", "pending"},
    Detached: {"when_ended"},
}
"""What plugins are given, and what of it is for the host."""
FOR_THE_HOST = {"start", "start_of_passing", "settle", "deliver", "passed", "filtered", "usable"}
"""Of a response."""


def lacking(page: str, words: Iterable[str]) -> list[str]:
    """Those that a page does not name as code."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    code = " ".join(re.findall(r"`[^`\n]+`|^#+ .*$|\[[\w-]+\]", text, re.MULTILINE))
    return [word for word in words if not re.search(rf"(?<![\w-]){re.escape(word)}(?!\w)", code)]


def methods(kind: type) -> list[str]:
    """The public functions and properties of a class, its own ones alone."""
    wanted = (FunctionType, property, cached_property)
    return [name for name, one in vars(kind).items() if name[0] != "_" and isinstance(one, wanted)]


def quoted(heading: str) -> Iterator[str]:
    """The items of the lists below a heading of the specification."""
    text = SPECIFICATION.read_text(encoding="utf-8")
    found = re.search(rf"^## {heading}$(.*?)^## ", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    yield from re.findall(r"^(?:-|\d\.) (.*)$", found[1], re.MULTILINE)


def test_extension_points() -> None:
    assert lacking("extension-points.md", [one.extension_point.name for one in points()]) == []
    assert lacking("extension-points.md", [kind.name for kind in ExtensionPointType]) == []


def test_options_of_hookimpl() -> None:
    options = [name for name in inspect.signature(hookimpl).parameters if name != "function"]

    assert lacking("extension-points.md", options) == []


def test_interfaces_and_their_methods() -> None:
    kinds = [
        one for name, one in vars(interfaces).items() if re.match(r"I[A-Z]\w+Plugin|IPlugin", name)
    ]
    words = [kind.__name__ for kind in kinds] + [name for kind in kinds for name in methods(kind)]

    assert lacking("interfaces.md", [*words, "export_state", "import_state"]) == []


def test_what_the_decorator_takes() -> None:
    assert lacking("interfaces.md", inspect.signature(plugin).parameters) == []


def test_what_a_response_can_do() -> None:
    assert lacking("interfaces.md", set(methods(AppResponse)) - FOR_THE_HOST) == []


def test_handles_of_the_context() -> None:
    handles = {one.name for one in fields(PluginContext)} | set(methods(PluginContext))

    assert lacking("context.md", handles) == []


@pytest.mark.parametrize("kind", HANDLES, ids=lambda kind: kind.__name__)
def test_methods_of_the_handles(kind: type) -> None:
    assert lacking("context.md", set(methods(kind)) - HANDLES[kind]) == []


def test_variables_and_reserved_words() -> None:
    assert lacking("configuration.md", [*OTHERS, *LATER]) == []


def test_problems_of_the_management_api() -> None:
    folder = Path(management.__path__[0])
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    types = set(re.findall(r'type="([\w-]+)"', text)) | set(
        re.findall(r'\(\d{3}, "([\w-]+)"\)', text)
    )

    assert lacking("operating.md", {f"urn:marty:{one}" for one in types}) == []


def test_the_kit() -> None:
    door: Any = import_module("marty_chassis.testing")

    assert every_fixture()
    assert lacking("testing.md", [*every_fixture(), *door.__all__]) == []


def test_bundled_plugins() -> None:
    assert lacking("plugins/index.md", BUNDLED) == []


def test_best_practices_of_the_specification() -> None:
    text = (ROOT / "docs" / "best-practices.md").read_text(encoding="utf-8")

    assert [one for one in quoted("Best Practices") if one not in text] == []


def test_headings_and_steps_of_troubleshooting_in_the_specification() -> None:
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8").lower()
    steps = [
        re.sub(r"^(Check|Verify|Review|Monitor|Use) ", "", one) for one in quoted("Troubleshooting")
    ]

    assert [one for one in steps if one.lower() not in text] == []
