"""Every request of the service waits while one of these does."""

import sqlite3
import subprocess
import time as clock
from time import sleep
from urllib.request import urlopen

from anyio import to_thread

from marty_chassis.plugins import IMiddlewarePlugin, hookimpl, plugin


@plugin(name="slow", version="1.0.0", description="Asks others, and waits for them")
class Slow(IMiddlewarePlugin):
    async def initialize(self, context):
        import requests

        self.session = requests.Session()
        self.book = sqlite3.connect("book.db")  # expect: blocking-call

    async def process_request(self, request, call_next):
        import requests

        sleep(0.1)  # expect: blocking-call
        clock.sleep(0.1)  # expect: blocking-call
        requests.get("https://users.example")  # expect: blocking-call
        self.session.post("https://log.example")  # expect: blocking-call
        urlopen("https://users.example")  # expect: blocking-call
        subprocess.run(["true"])  # expect: blocking-call
        self.book.execute("select 1")  # expect: blocking-call
        with open("rules.txt") as file:  # expect: blocking-file
            rules = file.read()
        request.state.rules = rules
        await to_thread.run_sync(self.wait_elsewhere)
        return await call_next(request)

    async def process_websocket(self, websocket, call_next):
        await call_next(websocket)

    def wait_elsewhere(self):
        sleep(1)

    @hookimpl
    def health_check(self):
        sleep(1)  # expect: blocking-call
        return {"healthy": True}

    @hookimpl(blocking=True)
    def metrics_collect(self):
        sleep(1)
        return {"slept": 1}
