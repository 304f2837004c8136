"""Every asynchronous test runs on asyncio and on trio, without mentioning it."""

from __future__ import annotations

import pytest


# As wide as anyio's own, so that a module may share an asynchronous fixture.
@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """The backend of this run of the test."""
    return str(request.param)
