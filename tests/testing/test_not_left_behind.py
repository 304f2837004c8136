"""What a plugin undoes, and what is somebody else's, is laid at nobody's door."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from logging.handlers import QueueListener
from queue import Queue
from types import ModuleType

import anyio
import anyio.lowlevel
import prometheus_client
import pytest
from loguru import logger

from marty_chassis.plugins import IPlugin

from .leaving import CLEAN

pytestmark = pytest.mark.usefixtures("as_it_was")


async def test_a_plugin_that_undoes_what_it_does_is_clean(plugin_host, plugin_folder) -> None:
    signal.signal(signal.SIGUSR2, signal.SIG_DFL)
    path = plugin_folder(CLEAN, name="bad")

    async with plugin_host(path) as host:
        await host.client.get("/")
        await host.reload(drained=True)
        await host.client.get("/")

    assert not [name for name in sys.modules if getattr(sys.modules[name], "__file__", "") == path]


async def test_what_libraries_and_servers_set_up_for_themselves_is_not_the_plugins(
    plugin_host, plugin_folder, monkeypatch
) -> None:
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    path = plugin_folder(CLEAN)
    theirs = logging.getLogger("census_library.access")
    roots = logging.NullHandler()
    logging.getLogger().addHandler(roots)
    monkeypatch.setattr(prometheus_client, "REGISTRY", prometheus_client.CollectorRegistry())

    async with plugin_host(path):
        library = ModuleType("census_library")
        library.__file__ = logging.__file__
        monkeypatch.setitem(sys.modules, "census_library", library)
        theirs.addHandler(logging.StreamHandler())
        logging.getLogger().removeHandler(roots)
        theirs.setLevel("INFO")
        theirs.propagate = False
        signal.signal(signal.SIGUSR1, signal.default_int_handler)
        prometheus_client.GCCollector(prometheus_client.REGISTRY)
        prometheus_client.Counter("theirs", "", registry=prometheus_client.REGISTRY)

    signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    theirs.handlers.clear()


async def test_what_the_test_itself_does_meanwhile_is_not_the_plugins(
    plugin_host, plugin_folder, monkeypatch, anyio_backend
) -> None:
    path = plugin_folder(CLEAN, name="bad")
    signal.signal(signal.SIGUSR2, signal.SIG_DFL)
    waits = anyio.Event()

    async with anyio.create_task_group() as tasks:
        async with plugin_host(path):
            tasks.start_soon(waits.wait)
            monkeypatch.setenv("CENSUS_TOKEN", "of the test")
            monkeypatch.setattr("json.load", lambda text: text)
            monkeypatch.setattr(threading, "excepthook", print)
            logger.add(lambda text: None)
            import wave  # noqa: F401 - a library that nobody has imported before
        waits.set()


async def test_what_the_service_itself_runs_is_not_the_plugins_that_imports_it(
    plugin_host, plugin_folder, tmp_path, monkeypatch
) -> None:
    (tmp_path / "census_service.py").write_text(
        "import census_witness, threading\n"
        "def work(): census_witness.release.wait()\n"
        "def begin(): threading.Thread(target=work, daemon=True).start()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import census_service  # type: ignore[import-not-found]

    path = plugin_folder(
        """
        import census_service
        from marty_chassis.plugins import IPlugin, plugin

        @plugin(name="good")
        class Good(IPlugin):
            work = staticmethod(census_service.work)
        """
    )

    async with plugin_host(path):
        census_service.begin()

    del sys.modules["census_service"]


RESEMBLING = """
    import logging, os, sys, threading, time
    import prometheus_client, pyclbr
    from loguru import logger
    from marty_chassis.plugins import IPlugin, plugin

    registry = prometheus_client.CollectorRegistry()
    logging.getLogger(__name__).info("imported")
    logger.bind(word="imported")

    @plugin(name="good")
    class Good(IPlugin):
        handlers: list[object] = []

        async def start(self):
            thread = threading.Thread(target=self.look)
            thread.start()
            thread.join()
            timer = threading.Timer(60, self.look)
            timer.start()
            timer.cancel()
            timer.join()
            self.handlers.append("mine")
            sys.path.append("/nonexistent")
            sys.path.remove("/nonexistent")
            self.readline, pyclbr.readmodule = pyclbr.readmodule, self.look
            time.sleep(0)

        def look(self):
            env = os.environ
            return env.get("CENSUS_TOKEN")

        def read(self):
            env = {}
            env["CENSUS_TOKEN"] = "in a dictionary"

        async def stop(self):
            self.read()
            pyclbr.readmodule = self.readline
"""


async def test_what_a_line_of_the_plugin_only_resembles_is_somebody_elses(
    plugin_host, plugin_folder, monkeypatch
) -> None:
    monkeypatch.delitem(sys.modules, "pyclbr", raising=False)
    path = plugin_folder(RESEMBLING, name="good")
    handler = logging.StreamHandler()
    listener = QueueListener(Queue())

    async with plugin_host(path):
        threading.Thread(target=time.sleep, args=(2,), daemon=True).start()
        server, _ = prometheus_client.start_http_server(0, "127.0.0.1")
        timer = threading.Timer(60, print)
        timer.start()
        listener.start()
        queued = logger.add(lambda text: None, enqueue=True)
        logging.root.handlers.append(handler)
        os.environ["CENSUS_TOKEN"] = "of the test"
        sys.path.remove(next(one for one in sys.path if one.endswith(".zip")))

    for end in (server.shutdown, server.server_close, timer.cancel, listener.stop):
        end()
    logger.remove(queued)
    logging.root.removeHandler(handler)


REMEMBERED: object = None


async def test_what_it_keeps_in_its_own_module_is_its_own_affair(plugin_host, monkeypatch) -> None:
    monkeypatch.setitem(globals(), "REMEMBERED", None)

    class Remembering(IPlugin):
        async def start(self) -> None:
            global REMEMBERED
            REMEMBERED = self.recalled

        def recalled(self) -> None: ...

    async with plugin_host(Remembering):
        assert REMEMBERED is not None
