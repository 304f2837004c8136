"""It leaves things behind when it stops: nothing of this is undone."""

import asyncio
import atexit
import json
import logging
import os
import signal
import sys
from threading import Thread

from prometheus_client import Counter

from marty_chassis.plugins import IPlugin, plugin

SEEN = Counter("around_the_context_seen", "Requests")  # expect: global-metrics


@plugin(name="around-the-context", version="1.0.0", description="Does everything by itself")
class AroundTheContext(IPlugin):
    async def start(self):
        self.thread = Thread(target=self.work)  # expect: own-thread
        self.thread.start()
        self.task = asyncio.create_task(self.poll())  # expect: own-task
        atexit.register(self.close)  # expect: at-exit
        signal.signal(signal.SIGTERM, self.end)  # expect: signal-handler
        logging.getLogger("orders").addHandler(logging.StreamHandler())  # expect: global-logging
        os.environ["ORDERS_READY"] = "1"  # expect: global-environment
        sys.path.insert(0, "vendor")  # expect: global-modules
        json.dumps = self.dumps  # expect: monkeypatch
        os.umask(0)  # expect: global-state

    def end(self, number, frame):
        sys.exit(1)  # expect: ends-service

    def work(self): ...

    async def poll(self): ...

    def close(self): ...

    def dumps(self, value): ...
