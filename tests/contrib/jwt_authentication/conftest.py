"""A service with jwt-authentication in it, around an application that says who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from marty_chassis.contrib import jwt_authentication
from marty_chassis.testing import PluginHost

from ...logs import EVERYTHING, logged
from .tokens import SECTION, application

Guarded = Callable[..., PluginHost]


@pytest.fixture
def guarded(plugin_host: Callable[..., PluginHost]) -> Guarded:
    """Make such a service; the section has a good secret unless keywords or `config` say more."""

    def made(
        config: dict[str, Any] | None = None,
        *,
        settings: dict[str, Any] | None = None,
        starts: bool = True,
        app: Any = None,
        **section: Any,
    ) -> PluginHost:
        return plugin_host(
            jwt_authentication,
            config={**(SECTION if config is None else config), **section},
            settings=settings,
            starts=starts,
            app=application() if app is None else app,
        )

    return made


@pytest.fixture
def log() -> Iterator[list[str]]:
    """All that is logged, as a sink shows it that shows everything it can."""
    with logged(format="{level} {message} {extra}", **EVERYTHING) as lines:
        yield lines
