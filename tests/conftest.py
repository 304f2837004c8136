"""Every asynchronous test runs on asyncio and on trio, without mentioning it."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Generator, Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key

if find_spec("hypothesis"):  # The contract is tested with pluggy and pytest alone.
    from hypothesis import HealthCheck, settings

    # How long an example takes says more of the machine than of the code.
    settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("ours")


def pytest_configure(config: pytest.Config) -> None:
    """Bring the fixtures of our kit; where the wheel is installed its entry point has done so."""
    if find_spec("marty_chassis") and not config.pluginmanager.hasplugin("marty"):
        from marty_chassis.testing import pytest_plugin

        config.pluginmanager.register(pytest_plugin, "marty")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Tell where asyncio's tasks wait, shortly before faulthandler ends a test that hangs."""

    def tell(*_: object) -> None:
        loop = asyncio._get_running_loop()
        # What pytest has put aside for faulthandler: stderr itself is captured, and would be lost.
        with open(item.config.stash[fault_handler_stderr_fd_key], "w", closefd=False) as stderr:
            for task in () if loop is None else asyncio.all_tasks(loop):
                stderr.write(f"\n{task.get_name()}:")
                part: Any = task.get_coro()
                while frame := getattr(part, "cr_frame", None):
                    stderr.write(f"\n  {frame.f_code.co_filename}:{frame.f_lineno}")
                    part = part.cr_await

    signal.signal(signal.SIGALRM, tell)
    signal.setitimer(signal.ITIMER_REAL, 50)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.fixture(scope="module", autouse=True)
def _nothing_for_the_next_file() -> Iterator[None]:
    """Modules of plugin folders, and what uvicorn makes of its loggers, end with a file's tests."""
    before = set(sys.modules)
    loggers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.access", "uvicorn.error")]
    as_they_were = [(one.handlers[:], one.level, one.propagate) for one in loggers]
    yield
    for name in set(sys.modules) - before:
        if name.startswith("marty_plugins._"):
            del sys.modules[name]
    for one, (handlers, level, propagate) in zip(loggers, as_they_were, strict=True):
        one.handlers[:], one.level, one.propagate = handlers, level, propagate


# As wide as anyio's own, so that a module may share an asynchronous fixture.
@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """The backend of this run of the test."""
    return str(request.param)
