"""The fixtures; `-p no:marty` turns them off.

pytest loads this in every run of everybody who has installed us, so that it imports nothing but
pytest until a fixture is used. No fixture is asynchronous: which library runs the tests, and on
which backend, is the author's choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx2

    from . import EventRecorder, FailingNeighbour, FakeClock, PluginHost


@pytest.fixture
def plugin_host(tmp_path: Path) -> Callable[..., PluginHost]:
    """A service with just your plugin in it: `async with plugin_host(Plugin) as host:`.

    It is the class `marty_chassis.testing.PluginHost`, at home in the test's `tmp_path`.
    """
    from .host import PluginHost

    return partial(PluginHost, folder=tmp_path)


@pytest.fixture
def plugin_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write plugin files: `plugin_folder(text, name="audit")` gives the path of the file.

    All of one test are in one folder, `tmp_path / "plugins"`. The text may be indented.
    """

    def write(text: str, name: str = "plugin") -> Path:
        path = tmp_path / "plugins" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def asgi_client() -> Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]:
    """A client of an ASGI application whose lifespan runs: `async with asgi_client(app) as client:`.

    It is `marty_chassis.testing.asgi_client`.
    """
    from .serving import asgi_client

    return asgi_client


@pytest.fixture
def event_recorder() -> Iterator[EventRecorder]:
    """Records events of a bus: `event_recorder.record(chassis.event_bus, "user.*")`.

    A `plugin_host` has one already: `host.events`.
    """
    from .recorder import EventRecorder

    recorder = EventRecorder()
    yield recorder
    recorder.stop()


@pytest.fixture
def failing_neighbour() -> type[FailingNeighbour]:
    """A plugin that fails where told: `failing_neighbour(phase="start")`."""
    from .neighbour import FailingNeighbour

    return FailingNeighbour


@pytest.fixture
def fake_clock() -> FakeClock:
    """Seconds that pass when told to: `plugin_host(Plugin, clock=fake_clock)`."""
    from .clock import FakeClock

    return FakeClock()
