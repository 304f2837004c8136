"""Plugins that leave something behind, one thing each and how it is named; and one that does not."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent, indent

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
    "thread of a timer": Bad(
        """
        timer = threading.Timer(60, flush)
        timer.start()
        census_witness.closing.append(timer.cancel)
        """,
        "is still running: {path}:{line} flush()",
        "context.tasks.start",
        above="""
            import census_witness, threading
            def flush(): ...  # <- here
        """,
    ),
    "thread that only waits": Bad(
        "threading.Thread(target=census_witness.release.wait).start()  # <- here",
        "(wait)' is still running: {path}:{line} start()",
        "context.tasks.start",
        above="import census_witness, threading",
    ),
    "thread that only sleeps": Bad(
        "Thread(target=time.sleep, args=(2,), name='nap', daemon=True).start()  # <- here",
        "thread 'nap' is still running: {path}:{line} start()",
        "context.tasks.start",
        above="""
            import time
            from threading import Thread
        """,
    ),
    "thread of a server": Bad(
        """
        server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
        threading.Thread(target=server.serve_forever).start()  # <- here
        census_witness.closing += [server.shutdown, server.server_close]
        """,
        "(serve_forever)' is still running: {path}:{line} start()",
        "context.tasks.start",
        above="""
            import census_witness, threading
            from http.server import BaseHTTPRequestHandler, HTTPServer
        """,
    ),
    "thread of a library's server": Bad(
        """
        server, _ = prometheus_client.start_http_server(0, "127.0.0.1")  # <- here
        census_witness.closing += [server.shutdown, server.server_close]
        """,
        "(serve_forever)' is still running: {path}:{line} start()",
        "context.tasks.start",
        above="import census_witness, prometheus_client",
    ),
    "thread of a server of its own kind": Bad(
        """
        server = Server(("127.0.0.1", 0), BaseHTTPRequestHandler)
        run = server.serve_forever
        threading.Thread(target=run).start()
        census_witness.closing += [server.shutdown, server.server_close]
        """,
        "(serve_forever)' is still running: {path}:{line}",
        "context.tasks.start",
        above="""
            import census_witness, threading
            from http.server import BaseHTTPRequestHandler, HTTPServer
            class Server(HTTPServer):  # <- here
                def log(self): ...
        """,
    ),
    "thread that listens for the log": Bad(
        """
        listener = QueueListener(Queue())  # <- here
        listener.start()
        census_witness.closing.append(listener.stop)
        """,
        "(_monitor)' is still running: {path}:{line} start()",
        "context.tasks.start",
        above="""
            import census_witness
            from logging.handlers import QueueListener
            from queue import Queue
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
    "logging handler in the list": Bad(
        "logging.root.handlers.append(logging.StreamHandler())  # <- here",
        "the StreamHandler of logger 'root' is still there: {path}:{line} start()",
        "logger.removeHandler",
        above="import logging",
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
        "`disabled` or `propagate` of logger 'audit' was changed: {path}:{line}",
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
    "made-up module, as the file is imported": Bad(
        "...",
        "the module 'census_made_up' in sys.modules is still there: {path}:{line}",
        "attribute of the plugin",
        above="""
            import sys, types
            sys.modules['census_made_up'] = types.ModuleType('census_made_up')  # <- here
        """,
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
    "sys.path without something": Bad(
        "sys.path.remove(next(one for one in sys.path if one.endswith('.zip')))  # <- here",
        ".zip' no more: {path}:{line} start()",
        "Other people need it",
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
    "environment, several at once": Bad(
        "os.environ |= {'CENSUS_TOKEN': 'secret', 'CENSUS_KNOWN': 'before'}  # <- here",
        "the environment variable CENSUS_TOKEN was set: {path}:{line} start()",
        "It is everybody's",
        above="import os",
    ),
    "environment by another name": Bad(
        "...",
        "the environment variable CENSUS_TOKEN was set: {path}:{line}",
        "It is everybody's",
        above="""
            import os
            E = os.environ
            E |= {"CENSUS_TOKEN": "secret"}  # <- here
        """,
    ),
    "environment as an attribute": Bad(
        """
        self.env = os.environ
        self.env['CENSUS_TOKEN'] = 'secret'  # <- here
        """,
        "the environment variable CENSUS_TOKEN was set: {path}:{line} start()",
        "It is everybody's",
        above="import os",
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
    "replaced in a module that it is the first to import": Bad(
        """
        tabnanny.check = lambda file: None  # <- here
        census_witness.closing.append(partial(sys.modules.pop, "tabnanny"))
        """,
        "tabnanny.check was set: {path}:{line} lambda()",
        "exclusive",
        above="""
            import census_witness, sys, tabnanny
            from functools import partial
        """,
    ),
    "replaced in a class of such a module": Bad(
        """
        setattr(scheduler, "run", run)
        census_witness.closing.append(partial(sys.modules.pop, "sched"))
        """,
        "sched.scheduler.run was set: {path}:{line} run()",
        "exclusive",
        above="""
            import census_witness, sys
            from functools import partial
            from sched import scheduler
            def run(self): ...  # <- here
        """,
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
            self.cache = {"a": 1}
            self.cache.pop("a")
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
