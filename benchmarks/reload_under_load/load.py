"""The load, in a process of its own, on connections that are kept: until its stdin is closed.

`python -m benchmarks.reload_under_load.load PORT FILE`. Each response says which run of each plugin
has served it, in every place where a plugin can say so; all of them must say the same.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator, Iterator
from time import monotonic

QUICK = ("/", "/shop")
LASTING = ("/slow?seconds=0.3", "/stream?pieces=8", "/shop/stream?pieces=8", "/slow?seconds=1")
QUICK_CONNECTIONS, LASTING_CONNECTIONS = 8, 8
PAUSE = 0.01
"""Seconds between an answer and the next request, so that it is not the queue that is measured."""
PATIENCE = 20.0
PLACES = {
    "x-front": "front", "x-front-asked": "front", "x-front-post": "front",
    "x-front-of-guard": "front", "x-front-found": "front",
    "x-guard": "guard",
    "x-shop": "shop", "x-shop-route": "shop", "x-shop-piece": "shop",
    "x-wrapped": "wrapped", "x-wrapped-post": "wrapped", "x-wrapped-piece": "wrapped",
}  # fmt: skip
"""Where a run says its name, and whose run it is."""

Row = tuple[str, float, float, dict[str, int], str, str]
"""Path, begin, end, generation of each plugin, what failed, what did not fit together."""


class Load:
    """What has been asked and answered."""

    def __init__(self, port: int) -> None:
        self.rows: list[Row] = []
        self._port = port
        self._over = False

    async def run(self) -> None:
        """Ask until stdin is closed, then let the last requests end."""
        connections = [
            *(self._connection(QUICK, PAUSE) for _ in range(QUICK_CONNECTIONS)),
            *(self._connection(LASTING, 0.0, begin) for begin in range(LASTING_CONNECTIONS)),
        ]
        asking = asyncio.gather(*connections)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        self._over = True
        await asking

    async def _connection(self, paths: tuple[str, ...], pause: float, begin: int = 0) -> None:
        turns: Iterator[str] = itertools.islice(itertools.cycle(paths), begin, None)
        writer: asyncio.StreamWriter | None = None
        reader = asyncio.StreamReader()
        while not self._over:
            path = next(turns)
            began = monotonic()
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                async with asyncio.timeout(PATIENCE):
                    status, said = await exchange(reader, writer, path)
            except (OSError, EOFError, ValueError, TimeoutError) as error:
                self.rows.append((path, began, monotonic(), {}, repr(error), ""))
                if writer is not None:
                    writer.close()
                writer = None
                continue
            failed = "" if status == 200 else f"answered {status}"
            served, unfit = judged(said)
            self.rows.append((path, began, monotonic(), served, failed, unfit))
            await asyncio.sleep(pause)
        if writer is not None:
            writer.close()


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str
) -> tuple[int, list[tuple[str, str]]]:
    """Ask once; give the status, and every place in the answer with the run that is named there."""
    writer.write(f"GET {path} HTTP/1.1\r\nhost: load\r\n\r\n".encode())
    status_line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
    said = [(name, value) for name, value in headers if name in PLACES]
    fields = dict(headers)
    if fields.get("connection") == "close":
        raise EOFError("the server closes the connection")
    if fields.get("transfer-encoding") == "chunked":
        body = b"".join([piece async for piece in chunks(reader)])
        words = [line.split() for line in body.decode().splitlines() if line]
        said += [(word[1], word[2]) for word in words if word[1] in PLACES]
        pieces = sum(word[1].isdigit() or word[1] == "x-shop-piece" for word in words)
        if pieces != int(path.rpartition("=")[2]):
            raise EOFError(f"the stream ended after {pieces} pieces")
    else:
        await reader.readexactly(int(fields["content-length"]))
    return int(status_line.split()[1]), said


async def chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := int(await reader.readuntil(b"\r\n"), 16):
        yield (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)


def judged(said: list[tuple[str, str]]) -> tuple[dict[str, int], str]:
    """Give the generation of each plugin, and what did not fit together."""
    runs: dict[str, set[str]] = {"front": set(), "guard": set(), "shop": set(), "wrapped": set()}
    for place, run in said:
        runs[PLACES[place]].add(run)
    unfit = {name: sorted(found) for name, found in runs.items() if len(found) != 1}
    served = {name: int(next(iter(found)).split(".")[0]) for name, found in runs.items() if found}
    return served, f"{unfit} in {said}" if unfit else ""


def main(port: int, into: str) -> None:
    """Load, then write down what came of it."""
    load = Load(port)
    try:
        import uvloop
    except ModuleNotFoundError:
        asyncio.run(load.run())
    else:
        uvloop.run(load.run())
    with open(into, "w") as file:
        json.dump(load.rows, file)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
