"""A service with structured-logging, and the lines that it has written."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from marty_chassis.contrib.structured_logging import StructuredLogging
from marty_chassis.testing import PluginHost

Host = Callable[..., PluginHost]
Read = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def logged(plugin_host: Callable[..., PluginHost]) -> Host:
    """`async with logged(level="DEBUG") as host:`, which writes to `log.json` unless told so."""
    ours = {"app", "neighbours", "settings", "starts", "plugins", "folder", "clean"}

    def make(**given: Any) -> PluginHost:
        of_host = {key: given.pop(key) for key in ours & given.keys()}
        plugins = of_host.pop("plugins", ())
        section = {"destination": "log.json", **given}
        return partial(plugin_host, StructuredLogging, *plugins)(config=section, **of_host)

    return make


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """`read()` gives what was written so far, each line read as JSON; `read("audit.json")`."""

    def lines(name: str | Path = "log.json") -> list[dict[str, Any]]:
        text = (tmp_path / name).read_text("utf-8")
        assert text == "" or text.endswith("\n")
        return [json.loads(line) for line in text.splitlines()]

    return lines


@pytest.fixture
def silent() -> Iterator[None]:
    """Without the sink that loguru begins with."""
    logger.remove()
    yield
    speak_again()


def speak_again() -> None:
    """A sink for the tests that follow, whichever file stands for stderr then."""

    def write(line: str) -> None:
        sys.stderr.write(line)  # and no `print`, which tests of the census replace

    logger.remove()
    logger.add(write)


def the(lines: list[dict[str, Any]], message: str) -> dict[str, Any]:
    """The one line with this message."""
    (line,) = [line for line in lines if line["message"] == message]
    return line
