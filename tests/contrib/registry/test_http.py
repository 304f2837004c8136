"""Answers that are garbage, too long, or without end: each is a trouble, and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.abc
import pytest

from marty_chassis.contrib.registry import Away, Refused
from marty_chassis.contrib.registry import http as module
from marty_chassis.contrib.registry.http import Http, reading
from marty_chassis.contrib.registry.settings import RegistrySettings

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
Opened = Callable[..., Any]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """`async with opened(pieces) as http:`, which is answered with these, the last one for ever."""
    monkeypatch.setattr(module, "LARGEST", 300_000)

    @asynccontextmanager
    async def opened(*pieces: bytes, pause: float = 0, seconds: float = 5) -> AsyncIterator[Http]:
        async def answer(stream: anyio.abc.ByteStream) -> None:
            try:
                async with stream:
                    await stream.receive()
                    for piece in pieces:
                        await stream.send(piece)
                    while True:
                        await stream.send(pieces[-1])
                        await anyio.sleep(pause)
            except (anyio.BrokenResourceError, anyio.EndOfStream):
                return

        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        address = f"127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}"
        async with listener, anyio.create_task_group() as serving:
            serving.start_soon(listener.serve, answer)
            settings = RegistrySettings(address=f"http://{address}", timeout=seconds)
            async with Http(settings) as http:
                yield http
            serving.cancel_scope.cancel()

    return opened


def chunk(text: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(text), text)


async def test_an_answer_without_end_is_refused(opened: Opened) -> None:
    async with opened(CHUNKED, chunk(b" " * 60_000)) as http:
        with pytest.raises(Refused, match="an answer of more than 300,000 bytes"):
            await http.poll("/watch", {}, 5)


async def test_a_line_without_end_is_refused(opened: Opened) -> None:
    async with opened(CHUNKED, chunk(b"first\n"), chunk(b"x" * 60_000)) as http:
        heard: list[str] = []

        async def listen() -> None:
            async with http.stream("/watch", {}) as lines:
                async for line in lines:
                    heard.append(line)

        with pytest.raises(Refused, match="a line of more than 300,000 bytes"):
            await listen()

    assert heard == ["first"]


async def test_lines_are_put_together_again(opened: Opened) -> None:
    pieces = [chunk(b"one\ntw"), chunk(b"o\n\xc3"), chunk(b"\xa9\nlast"), b"0\r\n\r\n"]
    async with opened(CHUNKED, *pieces, pause=10) as http, http.stream("/watch", {}) as lines:
        heard = [line async for line in lines]

    assert heard == ["one", "two", "\u00e9", "last"]


async def test_one_that_trickles_is_given_up_after_its_time(opened: Opened) -> None:
    async with opened(CHUNKED, chunk(b" "), pause=0.02, seconds=0.1) as http:
        with anyio.fail_after(3), pytest.raises(Away, match="no answer in time"):
            await http.poll("/watch", {}, 0.1)


async def test_an_address_that_is_none_is_refused(opened: Opened) -> None:
    async with opened(CHUNKED) as http:
        with pytest.raises(Refused, match="GET"):
            await http.call("GET", "/" + "x" * 70_000)


@pytest.mark.parametrize("answer", ["[" * 200_000, '{"revision": 1e999}', "nothing", "[]"])
def test_whatever_is_read_is_a_trouble_at_worst(answer: str) -> None:
    with pytest.raises(Refused, match="the answer cannot be read"), reading("GET /x"):
        int(json.loads(answer)["revision"])
