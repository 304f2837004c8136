"""Streams of ten minutes survive the reload of the plugins in front of them.

Run it:
    python examples/streaming_gateway/service.py

Prints:
    2 streams are open
    rule 2 is written: generation 2 serves, 2 streams stay with generation 1
    1 more stream is open
    rule 3 does not compile: generation 2 serves on
    stream 1: 20 of 20 events, all by rule 1
    stream 2: 20 of 20 events, all by rule 1
    stream 3: 20 of 20 events, all by rule 2
    in memory: generation 2

With `--seconds 600` the streams take the ten minutes; without it they are short. `marty run
service:app`, in this folder, serves it for your own `curl -N localhost:8000/events`: edit
plugins/stamp.py meanwhile, and `marty plugins reload stamp --token only-for-this-example`.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import httpx2
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from marty_chassis import create_app

HERE = Path(__file__).parent
EVENTS = 20
BEARER = {"authorization": "Bearer only-for-this-example"}


async def events(request: Request) -> StreamingResponse:
    pause = float(request.query_params.get("seconds", "600")) / EVENTS
    return StreamingResponse(numbers(pause), media_type="text/event-stream")


async def numbers(pause: float) -> AsyncIterator[str]:
    for number in range(EVENTS):
        yield f"data: {number}\n\n"
        await anyio.sleep(pause)


app = create_app(HERE / "config.yaml", routes=[Route("/events", events)])


class Stream:
    """One who listens."""

    def __init__(self, client: httpx2.AsyncClient, seconds: float) -> None:
        self.client, self.seconds = client, seconds
        self.lines: list[str] = []

    async def listen(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        query = {"seconds": str(self.seconds)}
        async with self.client.stream("GET", "/events", params=query) as response:
            async for line in response.aiter_lines():
                if not self.lines:
                    task_status.started()
                self.lines.append(line)

    def __str__(self) -> str:
        count = sum(line.startswith("data: ") for line in self.lines)
        rules = sorted({line[2:] for line in self.lines if line.startswith(": ")})
        return f"{count} of {EVENTS} events, all by {' and '.join(rules)}"


class Gateway:
    """A copy of this folder, served in a process of its own."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(HERE, folder, dirs_exist_ok=True)
        self.plugin = folder / "plugins" / "stamp.py"
        with socket.create_server(("127.0.0.1", 0)) as free:
            host, port = free.getsockname()
        command = [sys.executable, "-m", "marty_chassis.cli", "run", "service:app"]
        self.server = subprocess.Popen([*command, "--port", str(port)], cwd=folder)
        self.client = httpx2.AsyncClient(base_url=f"http://{host}:{port}", timeout=None)

    async def ready(self) -> None:
        while self.server.poll() is None:
            try:
                (await self.client.get("/health/live")).raise_for_status()
                return
            except httpx2.TransportError:
                await anyio.sleep(0.1)
        raise SystemExit("the service did not start")

    async def edit(self, before: str, after: str) -> dict[str, Any]:
        """Change the plugin's file, reload it, and give the answer."""
        self.plugin.write_text(self.plugin.read_text().replace(before, after))
        told: dict[str, Any] = (
            await self.client.post("/plugins/stamp/reload", headers=BEARER)
        ).json()
        return told

    async def generations(self) -> list[int]:
        """Which generations of the plugin are there."""
        told = (await self.client.get("/plugins/stamp", headers=BEARER)).json()
        return [generation["number"] for generation in told["generations"]]


async def watch(gateway: Gateway, seconds: float) -> None:
    """Open streams, edit and reload the plugin in front of them, and say what is seen."""
    streams = [Stream(gateway.client, seconds) for _ in range(3)]
    await gateway.ready()
    async with anyio.create_task_group() as listeners:
        for stream in streams[:2]:
            await listeners.start(stream.listen)
        print("2 streams are open")

        told = await gateway.edit("RULE = 1", "RULE = 2")
        print(f"rule 2 is written: generation {told['generation']} serves,", end=" ")
        print(f"{told['draining']} streams stay with generation 1")
        await listeners.start(streams[2].listen)
        print("1 more stream is open")

        await anyio.sleep(seconds / 2)
        told = await gateway.edit("RULE = 2", "RULE = = 3")
        print(f"rule 3 does not compile: generation {told['generation']} serves on")

    for number, stream in enumerate(streams, 1):
        print(f"stream {number}: {stream}")
    generations = await gateway.generations()
    while len(generations) > 1:  # Generation 1 leaves after its last stream.
        await anyio.sleep(0.1)
        generations = await gateway.generations()
    print("in memory: generation", *generations)


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(Path(folder))
        try:
            anyio.run(watch, gateway, seconds)
        finally:
            gateway.server.terminate()
            gateway.server.wait()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=2)
    main(arguments.parse_args().seconds)
