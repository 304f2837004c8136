"""What every plugin file imports must stay cheap: neither pydantic nor a framework comes along."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"pydantic", "pydantic_core", "pydantic_settings", "starlette", "ruamel", "uvicorn"}


@pytest.mark.parametrize(
    "statement",
    [
        "import marty_chassis",
        "import marty_chassis.plugins",
        "from marty_chassis.plugins import IPlugin, PluginMetadata, plugin",
        "from marty_chassis.plugins import IServicePlugin, IMiddlewarePlugin, IEventHandlerPlugin",
        "from marty_chassis.plugins import ExtensionPoint, ExtensionPointType",
        "import marty_hookspecs",
    ],
)
def test_what_a_plugin_file_imports_brings_nothing_heavy(statement: str) -> None:
    assert packages_after(statement) & HEAVY == set()


def test_the_contract_brings_nothing_of_the_chassis() -> None:
    assert "marty_chassis" not in packages_after("import marty_hookspecs")


def packages_after(statement: str) -> set[str]:
    """The top-level packages in a new interpreter that has run one statement."""
    program = f"""
import sys
sys.path[:] = {sys.path!r}
{statement}
print(*{{name.partition(".")[0] for name in sys.modules}})
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())
