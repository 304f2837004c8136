"""The process around a snippet: its working directory, its environment, its `__main__`."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from loguru import logger


@contextlib.contextmanager
def at_home(folder: Path) -> Iterator[None]:
    """Be in this folder without variables of ours; all that snippets change is put back."""
    here, environment, path = os.getcwd(), dict(os.environ), list(sys.path)
    modules, root = set(sys.modules), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    for name in [one for one in os.environ if one.startswith("MARTY_")]:
        del os.environ[name]
    os.environ["MARTY_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    logger.remove()
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
                del sys.modules[name]
        root.handlers[:] = handlers
        root.setLevel(level)
        logger.remove()
        logger.add(sys.stderr)


@contextlib.contextmanager
def as_main(module: ModuleType) -> Iterator[None]:
    """What pydantic and dataclasses look up by the name of a module is found there."""
    before = sys.modules["__main__"]
    sys.modules["__main__"] = module
    try:
        yield
    finally:
        sys.modules["__main__"] = before
