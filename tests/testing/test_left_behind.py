"""What a plugin leaves behind around its context is named, with the line that did it."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from textwrap import dedent, indent
from types import ModuleType

import anyio
import anyio.lowlevel
import prometheus_client
import pytest
from loguru import logger

from marty_chassis.plugins import IPlugin, plugin
from marty_chassis.testing import LeftBehind, assert_clean

HERE = "# <- here"


@dataclass(frozen=True)
class Bad:
    """A plugin that does something wrong in `start`, and how that is named."""

    does: str
    said: str
    instead: str
    above: str = ""

    @property
    def text(self) -> str:
        return (
            "from marty_chassis.plugins import IPlugin, plugin\n"
            f"{dedent(self.above)}\n"
            "@plugin(name='bad')\n"
            "class BadPlugin(IPlugin):\n"
            "    async def start(self):\n"
            f"{indent(dedent(self.does).strip(), '        ')}\n"
        )

    @property
    def line(self) -> int:
        return next(n for n, line in enumerate(self.text.splitlines(), 1) if HERE in line)


BAD = {
    "thread": Bad(
        "threading.Thread(target=poll, name='poller', daemon=True).start()",
        "thread 'poller' is still running: {path}:{line} poll()",
        "context.tasks.start",
        above="""
            import census_witness, threading
            def poll():  # <- here
                census_witness.release.wait()
        """,
    ),
    "pool": Bad(
        """
        self.pool = ThreadPoolExecutor(thread_name_prefix="mine")  # <- here
        self.pool.submit(print, end="").result()
        census_witness.closing.append(self.pool.shutdown)
        """,
        "thread 'mine_0' is still running: {path}:{line} start()",
        "context.tasks.start",
        above="""
            import census_witness
            from concurrent.futures import ThreadPoolExecutor
        """,
    ),
    "logging handler": Bad(
        "logging.getLogger('audit').addHandler(logging.StreamHandler())  # <- here",
        "the StreamHandler of logger 'audit' is still there: {path}:{line} start()",
        "logger.removeHandler",
        above="import logging",
    ),
    "logging handler of the second logger": Bad(
        """
        audit, other = logging.getLogger('audit'), logging.getLogger('other')
        handler = logging.StreamHandler()
        other.addHandler(handler)
        self.context.resources.callback(other.removeHandler, handler)
        audit.addHandler(logging.StreamHandler())  # <- here
        """,
        "the StreamHandler of logger 'audit' is still there: {path}:{line} start()",
        "logger.removeHandler",
        above="import logging",
    ),
    "logging handler taken away": Bad(
        "census_witness.log.handlers.clear()  # <- here",
        "the StreamHandler of logger 'witness' is gone: {path}:{line} start()",
        "leave them alone",
        above="import census_witness",
    ),
    "logging set up as a whole": Bad(
        "logging.config.dictConfig(SETUP)  # <- here",
        "the level of logger 'audit' is INFO and was NOTSET: {path}:{line} start()",
        "log_level",
        above="""
            import logging.config
            SETUP = {"version": 1, "incremental": True, "loggers": {"audit": {"level": "INFO"}}}
        """,
    ),
    "logging handler of its own kind": Bad(
        "logging.getLogger().addHandler(Keeping())",
        "the Keeping of logger 'root' is still there: {path}:{line}",
        "logger.removeHandler",
        above="""
            import logging
            class Keeping(logging.Handler):  # <- here
                def emit(self, record): ...
        """,
    ),
    "logging filter": Bad(
        "logging.getLogger('audit').addFilter(lambda record: True)  # <- here",
        "a filter of logger 'audit' is still there: {path}:{line} lambda()",
        "logger.removeFilter",
        above="import logging",
    ),
    "logging level": Bad(
        "logging.getLogger('audit').setLevel('DEBUG')  # <- here",
        "the level of logger 'audit' is DEBUG and was NOTSET: {path}:{line} start()",
        "log_level",
        above="import logging",
    ),
    "logger disabled": Bad(
        "logging.getLogger('audit').disabled = True  # <- here",
        "logger 'audit' is disabled, or keeps its records to itself, and did not: {path}:{line}",
        "Put it back",
        above="import logging",
    ),
    "loguru sink": Bad(
        "self.logger.add(write, format='{message}')",
        "is still there: {path}:{line} write()",
        "logger.remove",
        above="def write(text): ...  # <- here",
    ),
    "loguru file": Bad(
        "logger.add('/dev/null')  # <- here",
        "is still there: {path}:{line} start()",
        "logger.remove",
        above="from loguru import logger",
    ),
    "loguru sink taken away": Bad(
        "self.logger.remove(census_witness.sink)  # <- here",
        " is gone: {path}:{line} start()",
        "remove only a sink that you have added",
        above="import census_witness",
    ),
    "signal": Bad(
        "signal.signal(signal.SIGUSR2, on_signal)",
        "SIGUSR2 is handled by another function than before: {path}:{line} on_signal()",
        "do it in `stop`",
        above="""
            import signal
            def on_signal(number, frame): ...  # <- here
        """,
    ),
    "signal ignored": Bad(
        "signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # <- here",
        "SIGUSR2 is handled by another function than before: {path}:{line} start()",
        "do it in `stop`",
        above="import signal",
    ),
    "atexit": Bad(
        "atexit.register(functools.partial(flush, 1))",
        "partial() is registered with atexit: {path}:{line} flush()",
        "context.resources.callback",
        above="""
            import atexit, functools
            def flush(number): ...  # <- here
        """,
    ),
    "atexit of somebody else's function": Bad(
        "atexit.register(shutil.rmtree, '/nonexistent', True)  # <- here",
        "rmtree() is registered with atexit: {path}:{line} start()",
        "context.resources.callback",
        above="import atexit, shutil",
    ),
    "made-up module": Bad(
        "sys.modules['census_made_up'] = types.ModuleType('census_made_up')  # <- here",
        "the module 'census_made_up' in sys.modules is still there: {path}:{line} start()",
        "attribute of the plugin",
        above="import sys, types",
    ),
    "replaced module": Bad(
        "sys.modules['census_witness'] = types.ModuleType('census_witness')  # <- here",
        "the module 'census_witness' in sys.modules was replaced: {path}:{line} start()",
        "attribute of the plugin",
        above="import sys, types",
    ),
    "sys.path": Bad(
        "sys.path.insert(0, '/nonexistent')  # <- here",
        "sys.path still has '/nonexistent': {path}:{line} start()",
        "from . import name",
        above="import sys",
    ),
    "finder": Bad(
        "sys.meta_path.append(Finder)",
        "sys.meta_path still has 'Finder': {path}:{line}",
        "context.resources.callback",
        above="""
            import sys
            class Finder:  # <- here
                @staticmethod
                def find_spec(name, path=None, target=None): ...
        """,
    ),
    "environment": Bad(
        "environ['CENSUS_TOKEN'] = 'secret'  # <- here",
        "the environment variable CENSUS_TOKEN was set: {path}:{line} start()",
        "It is everybody's",
        above="from os import environ",
    ),
    "environment from a file": Bad(
        "load_dotenv(stream=io.StringIO('CENSUS_TOKEN=secret'))  # <- here",
        "the environment variable CENSUS_TOKEN was set: {path}:{line} start()",
        "It is everybody's",
        above="""
            import io
            from dotenv import load_dotenv
        """,
    ),
    "environment changed": Bad(
        "os.environ.update(CENSUS_KNOWN='changed')  # <- here",
        "the environment variable CENSUS_KNOWN was changed: {path}:{line} start()",
        "It is everybody's",
        above="import os",
    ),
    "environment removed": Bad(
        "del os.environ['CENSUS_KNOWN']  # <- here",
        "the environment variable CENSUS_KNOWN is gone: {path}:{line} start()",
        "It is everybody's",
        above="import os",
    ),
    "warnings": Bad(
        "warnings.simplefilter('ignore', UnicodeWarning)  # <- here",
        "the filters of warnings were changed: {path}:{line} start()",
        "catch_warnings",
        above="import warnings",
    ),
    "collector": Bad(
        "self.hits = Counter('census_hits', 'what it saw')  # <- here",
        "the Prometheus collector 'census_hits' is still in the global registry: {path}:{line}",
        "context.metrics",
        above="from prometheus_client import Counter",
    ),
    "collector of its own kind": Bad(
        "REGISTRY.register(Figures())",
        "the Prometheus collector 'Figures' is still in the global registry: {path}:{line}",
        "context.metrics",
        above="""
            from prometheus_client import REGISTRY
            class Figures:  # <- here
                def collect(self): return []
        """,
    ),
    "replaced function": Bad(
        "json.dumps = dumps",
        "json.dumps was replaced: {path}:{line} dumps()",
        "exclusive",
        above="""
            import json
            def dumps(value): ...  # <- here
        """,
    ),
    "replaced with somebody else's": Bad(
        "j.dumps = repr  # <- here",
        "json.dumps was replaced: {path}:{line} start()",
        "exclusive",
        above="import json as j",
    ),
    "replaced in a class": Bad(
        "setattr(json.JSONEncoder, 'iterencode', repr)  # <- here",
        "json.encoder.JSONEncoder.iterencode was replaced: {path}:{line} start()",
        "exclusive",
        above="import json",
    ),
    "replaced builtin": Bad(
        "builtins.print = lambda *words: None  # <- here",
        "builtins.print was replaced: {path}:{line} lambda()",
        "exclusive",
        above="import builtins",
    ),
    "added attribute": Bad(
        "census_witness.token = 'mine'  # <- here",
        "census_witness.token was added: {path}:{line} start()",
        "exclusive",
        above="import census_witness",
    ),
    "removed attribute": Bad(
        "del census_witness.kept  # <- here",
        "census_witness.kept was removed: {path}:{line} start()",
        "exclusive",
        above="import census_witness",
    ),
    "context kept by a function": Bad(
        "census_witness.keep(self.context)  # <- here",
        "the context of a run that is over is kept in census_witness.kept > list > PluginContext:"
        " {path}:{line} start()",
        "another one for each run",
        above="import census_witness",
    ),
    "environment from a mapping": Bad(
        "os.environ.update(Values.values)  # <- here",
        "the environment variable CENSUS_KNOWN was changed: {path}:{line} start()",
        "It is everybody's",
        above="""
            import os
            class Values:
                values = {"CENSUS_KNOWN": "changed"}
        """,
    ),
    "context kept in a list": Bad(
        "census_witness.kept.append(self.context)  # <- here",
        "the context of a run that is over is kept in census_witness.kept > list > PluginContext:"
        " {path}:{line} start()",
        "another one for each run",
        above="import census_witness",
    ),
}


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """What the bad plugins do is undone, and somebody else's module is there."""
    import builtins
    import json

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
    exits = []
    monkeypatch.setattr(atexit, "register", lambda *f, **k: exits.append(REGISTER(*f, **k)))
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


REGISTER = atexit.register


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
async def test_it_is_named_with_its_line(plugin_host, plugin_folder, bad: Bad) -> None:
    path = plugin_folder(bad.text, name="bad")

    with pytest.raises(LeftBehind) as raised:
        async with plugin_host(path):
            pass

    assert len(raised.value.left) == 1, raised.value
    (line,) = raised.value.left
    assert bad.said.format(path=path, line=bad.line) in line
    assert line.startswith("bad: ")
    assert bad.instead in line
    assert "secret" not in line


async def test_a_task_is_named_with_the_line_where_it_waits(
    plugin_host, plugin_folder, anyio_backend
) -> None:
    start = {
        "asyncio": "asyncio.create_task(self.poll(), name='poller')",
        "trio": "trio.lowlevel.spawn_system_task(self.poll, name='poller')",
    }[anyio_backend]
    path = plugin_folder(
        f"""
        import asyncio
        import anyio, census_witness, trio
        from marty_chassis.plugins import IPlugin, plugin

        @plugin(name="bad")
        class Bad(IPlugin):
            async def start(self):
                self.task = {start}
                census_witness.gate = anyio.Event()

            async def poll(self):
                with anyio.move_on_after(60):
                    await census_witness.gate.wait()  # <- here
        """,
        name="bad",
    )
    line = next(n for n, line in enumerate(path.read_text().splitlines(), 1) if HERE in line)

    with pytest.raises(LeftBehind) as raised:
        async with plugin_host(path):
            await anyio.lowlevel.checkpoint()

    sys.modules["census_witness"].gate.set()
    said = str(raised.value)
    assert f"bad: task 'poller' is still running: {path}:{line} poll()" in said
    assert "context.tasks.start" in said


async def test_a_module_beside_the_plugin_that_was_imported_by_its_bare_name(
    plugin_host, plugin_folder, monkeypatch
) -> None:
    folder = plugin_folder("WORD = 'help'", name="_census_helper").parent
    monkeypatch.syspath_prepend(str(folder))
    path = plugin_folder(
        """
        import _census_helper
        from marty_chassis.plugins import IPlugin, plugin

        @plugin(name="bad")
        class Bad(IPlugin): ...
        """,
        name="bad",
    )

    with pytest.raises(LeftBehind) as raised:
        async with plugin_host(path):
            pass

    del sys.modules["_census_helper"]
    assert (
        f"bad: the module '_census_helper' in sys.modules is still there: {path}:2. Import what"
        " lies beside the plugin relatively" in str(raised.value)
    )


class Noisy(logging.Handler):
    """Of the plugin below: it refers to it."""

    def emit(self, record: logging.LogRecord) -> None: ...


def poll() -> None:
    sys.modules["census_witness"].release.wait()


def not_the_plugins() -> None:
    sys.modules["census_witness"].release.wait()


@plugin(name="in-a-test")
class InATest(IPlugin):
    async def start(self) -> None:
        logging.getLogger("audit").addHandler(Noisy())
        threading.Thread(target=poll, name="poller", daemon=True).start()


async def test_of_a_class_in_a_test_the_rest_of_the_file_is_somebody_elses(plugin_host) -> None:
    with pytest.raises(LeftBehind) as raised:  # noqa: PT012 - leaving raises
        async with plugin_host(InATest):
            threading.Thread(target=not_the_plugins, daemon=True).start()
            os.environ["CENSUS_TOKEN"] = "secret"
            logging.getLogger("audit").addFilter(lambda record: True)

    first, second = sorted(raised.value.left)
    assert "test_left_behind.py" in first
    assert first.partition(": /")[0].startswith("in-a-test: the Noisy of logger 'audit'")
    assert second.startswith("in-a-test: thread 'poller' is still running")


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


async def test_a_task_of_its_context_that_will_not_leave_is_named(plugin_host) -> None:
    class Stubborn(IPlugin):
        async def start(self) -> None:
            self.gate = anyio.Event()
            self.context.tasks.start(self.stay, name="stubborn")

        async def stay(self) -> None:
            while not self.gate.is_set():
                with suppress(anyio.get_cancelled_exc_class()), anyio.CancelScope(shield=True):
                    await self.gate.wait()

    settings = {"lifecycle": {"stop_timeout": 0.05}}
    async with plugin_host(Stubborn, settings=settings, clean=False) as host:
        gate = host.plugin.gate

    with pytest.raises(LeftBehind) as raised:
        assert_clean(host)
    gate.set()

    entry, task = raised.value.left
    assert "could not undo 'task stubborn #1'" in entry
    assert "stubborn was told to leave and has not" in task


async def test_what_it_keeps_in_its_own_module_is_its_own_affair(plugin_host) -> None:
    class Remembering(IPlugin):
        async def start(self) -> None:
            global poll
            poll = self.recalled

        def recalled(self) -> None: ...

    before = poll
    async with plugin_host(Remembering):
        assert poll is not before

    globals()["poll"] = before


@pytest.mark.parametrize(
    "anyio_backend", ["asyncio"]
)  # a coroutine of trio runs in no task of its own
async def test_a_task_that_runs_a_library_is_the_lines_that_makes_it(
    plugin_host, plugin_folder
) -> None:
    path = plugin_folder(
        """
        import asyncio
        from marty_chassis.plugins import IPlugin, plugin

        @plugin(name="bad")
        class Bad(IPlugin):
            async def start(self):
                self.other = self.context.tasks.start(asyncio.sleep, 60)
                self.task = asyncio.create_task(asyncio.sleep(60), name="nap")  # <- here
        """,
        name="bad",
    )
    line = next(n for n, line in enumerate(path.read_text().splitlines(), 1) if HERE in line)

    async with plugin_host(path, clean=False) as host:
        task = host.plugin.task
    with pytest.raises(LeftBehind) as raised:
        assert_clean(host)
    task.cancel()

    assert raised.value.left == (
        f"bad: task 'nap' is still running: {path}:{line} start(). Start it with"
        " context.tasks.start, which ends it with the plugin.",
    )


async def test_looking_can_be_put_off(plugin_host, plugin_folder) -> None:
    path = plugin_folder(BAD["environment"].text)

    async with plugin_host(path, clean=False) as host:
        pass

    with pytest.raises(LeftBehind, match="CENSUS_TOKEN"):
        assert_clean(host)


async def test_what_was_left_by_a_generation_that_was_replaced_is_named_too(
    plugin_host, plugin_folder
) -> None:
    bad = BAD["replaced function"]
    path = plugin_folder(bad.text, name="bad")

    with pytest.raises(LeftBehind) as raised:  # noqa: PT012 - leaving raises
        async with plugin_host(path) as host:
            plugin_folder("# mended\n\n" + dedent(CLEAN), name="bad")
            await host.reload(drained=True)

    assert bad.said.format(path=path, line=bad.line) in str(raised.value)


CLEAN = """
    import asyncio
    import json
    import logging
    import os
    import signal
    import threading

    import anyio
    import census_witness
    from prometheus_client import CollectorRegistry, Counter
    from marty_chassis.plugins import IMiddlewarePlugin, hookimpl, plugin

    logger = logging.getLogger(__name__)
    logger.setLevel("DEBUG")
    logging.getLogger("audit").addHandler(logging.NullHandler())


    @plugin(name="bad")
    class Clean(IMiddlewarePlugin):
        async def initialize(self, context):
            import xml.sax.expatreader  # a library that nobody has imported before
            self.home = os.environ.get("HOME")
            handler = logging.StreamHandler()
            root = logging.getLogger()
            root.addHandler(handler)
            context.resources.callback(root.removeHandler, handler)
            sink = context.logger.add(lambda text: None)
            context.resources.callback(context.logger.remove, sink)
            Counter("census_own", "in a registry of its own", registry=CollectorRegistry())
            context.resources.callback(signal.signal, signal.SIGUSR2, signal.SIG_DFL)
            signal.signal(signal.SIGUSR2, signal.SIG_IGN)

        async def start(self):
            self.level, self.propagate = "INFO", True
            self.ends = threading.Event()
            self.thread = threading.Thread(target=self.ends.wait)
            self.thread.start()
            self.context.tasks.start(anyio.sleep_forever)
            self.context.metrics.counter("seen", "what it saw").inc()
            await anyio.to_thread.run_sync(logger.info, "started")

        async def process_request(self, request, call_next):
            return await call_next(request)

        async def stop(self):
            self.ends.set()  # and does not wait for the thread
"""


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
    monkeypatch.setattr(prometheus_client, "REGISTRY", prometheus_client.CollectorRegistry())

    async with plugin_host(path):
        library = ModuleType("census_library")
        library.__file__ = logging.__file__
        monkeypatch.setitem(sys.modules, "census_library", library)
        theirs.addHandler(logging.StreamHandler())
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
