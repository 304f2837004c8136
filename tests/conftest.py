"""Every asynchronous test runs on asyncio and on trio, without mentioning it."""

from __future__ import annotations

import pytest

from marty_chassis.testing import pytest_plugin


def pytest_configure(config: pytest.Config) -> None:
    """Bring the fixtures of our kit; where the wheel is installed its entry point has done so."""
    if not config.pluginmanager.hasplugin("marty"):
        config.pluginmanager.register(pytest_plugin, "marty")


# As wide as anyio's own, so that a module may share an asynchronous fixture.
@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """The backend of this run of the test."""
    return str(request.param)
