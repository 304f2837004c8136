"""What plugins that leave something behind have done is undone after the test."""

from __future__ import annotations

import atexit
import builtins
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import ModuleType

import prometheus_client
import pytest
from loguru import logger


@pytest.fixture
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """What the bad plugins do is undone, and somebody else's module is there."""
    witness = ModuleType("census_witness")
    log = logging.getLogger("witness")
    log.handlers = [logging.StreamHandler()]
    vars(witness).update(kept=[], release=threading.Event(), closing=[], log=log)
    exec("def keep(thing): kept.append(thing)", vars(witness))
    monkeypatch.setitem(sys.modules, "census_witness", witness)
    monkeypatch.setenv("CENSUS_KNOWN", "before")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    for owner, name in [(json, "dumps"), (builtins, "print"), (json.JSONEncoder, "iterencode")]:
        monkeypatch.setattr(owner, name, getattr(owner, name))
    registered = set(prometheus_client.REGISTRY._collector_to_names)
    exits, register = [], atexit.register
    monkeypatch.setattr(atexit, "register", lambda *f, **k: exits.append(register(*f, **k)))
    handler = signal.getsignal(signal.SIGUSR2)
    sinks = set(logger._core.handlers)  # type: ignore[attr-defined]
    vars(witness)["sink"] = logger.add(lambda text: None)
    yield witness
    witness.release.set()
    for close in witness.closing:
        close()
    for name in ("audit", ""):
        known = logging.getLogger(name)
        for one in known.handlers[:]:
            if type(one).__name__ in ("StreamHandler", "NullHandler", "Keeping"):
                known.removeHandler(one)
    audit = logging.getLogger("audit")
    audit.setLevel(logging.NOTSET)
    audit.filters.clear()
    audit.disabled = False
    log.handlers.clear()
    for number in set(logger._core.handlers) - sinks:  # type: ignore[attr-defined]
        logger.remove(number)
    signal.signal(signal.SIGUSR2, handler)
    for function in exits:
        atexit.unregister(function)
    sys.modules.pop("census_made_up", None)
    os.environ.pop("CENSUS_TOKEN", None)
    for collector in set(prometheus_client.REGISTRY._collector_to_names) - registered:
        prometheus_client.REGISTRY.unregister(collector)
