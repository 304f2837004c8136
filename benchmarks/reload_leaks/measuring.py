"""One kind of plugin, reloaded so many times in this process; `-m ...measuring KIND RELOADS`."""

from __future__ import annotations

import gc
import json
import linecache
import logging
import os
import sys
import tempfile
import threading
import weakref
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median
from types import FunctionType, ModuleType
from typing import Any

import anyio
from loguru import logger

from marty_chassis import Chassis, ChassisConfig

from .files import text

NAME = "watched"
WARM = 0.2
"""The part of the reloads after which is looked for the first time."""
LOOKS = 10


@dataclass(frozen=True, slots=True)
class Look:
    """What there is after so many reloads."""

    number: int
    resident: int
    """Bytes of the process."""
    blocks: int
    """Pieces of memory that Python has given out."""
    lengths: dict[str, int]


class Watch:
    """Weak references to all that a generation is made of."""

    def __init__(self, chassis: Chassis) -> None:
        self._chassis = chassis
        self._alive: list[tuple[str, weakref.ref[Any]]] = []

    def take(self) -> None:
        """Watch what serves now: modules, classes, functions, their code, the instance."""
        # A reference to what is gone takes memory, too.
        self._alive = [(kind, alive) for kind, alive in self._alive if alive() is not None]
        instance = self._chassis.plugins.get(NAME)
        self._add("instance", instance)
        package = type(instance).__module__.rpartition(".")[0]
        for name, module in tuple(sys.modules.items()):
            if name.startswith(f"{package}."):
                self._add_module(module)

    def counts(self) -> dict[str, int]:
        """How many of each are alive."""
        return dict(Counter(kind for kind, alive in self._alive if alive() is not None))

    def _add_module(self, module: ModuleType) -> None:
        self._add("module", module)
        for thing in vars(module).values():
            if getattr(thing, "__module__", None) != module.__name__:
                continue
            if isinstance(thing, type):
                self._add("class", thing)
                for function in vars(thing).values():
                    self._add_function(function, module)
            else:
                self._add_function(thing, module)

    def _add_function(self, function: object, module: ModuleType) -> None:
        # An enumeration or a named tuple has functions of the standard library as well.
        if isinstance(function, FunctionType) and function.__module__ == module.__name__:
            self._add("function", function)
            if function.__code__.co_filename == module.__file__:
                self._add("code", function.__code__)

    def _add(self, kind: str, thing: object) -> None:
        self._alive.append((kind, weakref.ref(thing)))


def tables(chassis: Chassis) -> dict[str, int]:
    """How long the tables are in which a generation may leave something."""
    manager: Any = chassis.plugin_manager
    collectors: Any = chassis.management.registry
    core: Any = getattr(logger, "_core")  # noqa: B009  (it has no public door)
    placeholders = [
        one for one in logging.Logger.manager.loggerDict.values() if hasattr(one, "loggerMap")
    ]
    return {
        "sys.modules": len(sys.modules),
        "loggers": len(logging.Logger.manager.loggerDict),
        "children of loggers": sum(len(one.loggerMap) for one in placeholders),
        "loguru's modules": len(core.enabled),
        "loguru's handlers": len(core.handlers),
        "linecache": len(linecache.cache),
        "pluggy's plugins": len(manager.get_plugins()),
        "collectors": len(collectors._names_to_collectors),
        "subscribers": len(tuple(manager.event_bus.stats())),
        "threads": threading.active_count(),
        "tasks": len(anyio.get_running_tasks()),
        "faults": len(manager.faults.counts),
        "ledgers": sum(map(len, chassis.pending().values())),
    }


def resident() -> int:
    """Bytes of memory that this process has now; 0 where the system does not tell."""
    told = Path("/proc/self/statm")
    return int(told.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if told.exists() else 0


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """The application."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def asked(app: Any, path: str, query: bytes = b"") -> bytes:
    """One request; the body of its answer, which must be 200."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"here"), (b"authorization", b"Bearer token")]
    await app(
        {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
            "raw_path": path.encode(), "query_string": query, "root_path": "", "headers": headers,
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "state": {},
        },
        receive,
        send,
    )  # fmt: skip
    if sent[0]["status"] != 200:
        raise RuntimeError(f"{path} answered {sent}")
    return b"".join(message.get("body", b"") for message in sent[1:])


async def measured(folder: Path, kind: str, reloads: int) -> dict[str, Any]:
    """Reload so many times; give what is left."""
    file = folder / "watched.py"
    file.write_text(text(kind, 0))
    config = ChassisConfig(
        plugins={"directories": [str(folder)], "entry_points": "none"},
        management={"token": "token"},
    )
    chassis = Chassis(config)
    app = chassis.wrap(nothing)
    looks: list[Look] = []
    every = max(1, reloads // LOOKS)
    async with chassis:
        watch = Watch(chassis)
        for number in range(1, reloads + 1):
            await _once(chassis, app, file, text(kind, number), watch)
            if number % every == 0 and number >= WARM * reloads:
                looks.append(await _look(chassis, number))
        alive = watch.counts()
        leaks = await asked(app, f"/-/marty/plugins/{NAME}", b"diagnose=leaks")
    before, now = looks[0].lengths, looks[-1].lengths
    return {
        "kind": kind,
        "reloads": reloads,
        "bytes": _slope([(look.number, look.resident) for look in looks]),
        "blocks": _slope([(look.number, look.blocks) for look in looks]),
        "alive": alive,
        "leaks": json.loads(leaks)["leaks"],
        "longer": {name: now[name] - before[name] for name in now if now[name] > before[name]},
    }


def _slope(points: list[tuple[int, int]]) -> float:
    """What one reload adds: the median of all pairs, so that one step of the heap is no slope."""
    return median((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2))


async def _once(chassis: Chassis, app: Any, file: Path, new: str, watch: Watch) -> None:
    watch.take()
    for path in ("/", "/watched", "/-/marty/plugins/metrics", "/-/marty/health"):
        await asked(app, path)
    file.write_text(new)  # noqa: ASYNC240  (the disk is not what is measured)
    reloaded = await chassis.plugin_manager.reload(NAME, drained=True)
    if reloaded.rolled_back:
        raise RuntimeError(f"reload failed: {reloaded.reason}")


async def _look(chassis: Chassis, number: int) -> Look:
    await anyio.sleep(0.1)  # What ends in the background has ended.
    for _ in range(3):
        gc.collect()
    # The least of some looks: an event that is just being delivered is a task, too.
    lengths = tables(chassis)
    for _ in range(10):
        await anyio.sleep(0.005)
        lengths = {name: min(lengths[name], now) for name, now in tables(chassis).items()}
    return Look(number, resident(), sys.getallocatedblocks(), lengths)


def main(kind: str, reloads: int) -> None:
    """Print what was measured, as JSON."""
    logger.remove()
    with tempfile.TemporaryDirectory(prefix="marty-leaks-") as folder:
        print(json.dumps(anyio.run(measured, Path(folder), kind, reloads)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
