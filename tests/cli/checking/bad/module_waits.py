"""A module is the plugin: what its hooks call waits in the event loop as they would."""

import queue
import subprocess
from time import sleep

import anyio
import requests

from marty_chassis.plugins import PluginMetadata, hookimpl

plugin_metadata = PluginMetadata(
    name="module-waits", version="1.0.0", description="Asks others, one call deep"
)
WAITING = queue.Queue()


@hookimpl
async def health_check():
    users = fetch()
    await anyio.to_thread.run_sync(archive)
    return {"healthy": bool(users), "next": WAITING.get()}  # expect: blocking-call


@hookimpl
def metrics_collect():
    return {"files": count()}


def fetch():
    return retried(lambda: requests.get("https://users.example")) or fetched_at_last()


def retried(ask):
    sleep(1)  # expect: blocking-call
    return ask()


def fetched_at_last():
    return requests.get("https://users.example")  # expect: blocking-call


def count():
    process = subprocess.Popen(["ls"], stdout=subprocess.PIPE)
    return len(process.communicate()[0].split())  # expect: blocking-call


def archive():
    sleep(1)
