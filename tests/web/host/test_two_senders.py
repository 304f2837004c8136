"""An application that sends from two tasks at once, and plugins that have to do with the body."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from .drive import House, ask, passing

A = [b"a0 ", b"a1 ", b"a2 "]
B = [b"b0 ", b"b1 ", b"b2 "]


async def two(scope: Scope, receive: Receive, send: Send) -> None:
    async def part(chunks: list[bytes]) -> None:
        for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

    await send({"type": "http.response.start", "status": 200, "headers": []})
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(part, A)
        tasks.start_soon(part, B)
    await send({"type": "http.response.body", "body": b"end"})


async def slowly(chunk: bytes) -> bytes:
    # The later a chunk, the faster, so that they would overtake one another.
    await anyio.sleep(0.004 - int(chunk[1:2]) / 1000 if chunk != b"end" else 0)
    return chunk


async def rewriting(request: Any, call_next: Any) -> Any:
    response = await call_next(request)

    async def changed() -> AsyncIterator[bytes]:
        async for chunk in response.body_iterator:
            yield await slowly(chunk)

    return StreamingResponse(changed(), response.status_code)


async def reading(request: Any, call_next: Any) -> Any:
    response = await call_next(request)
    await response.body()
    return response


async def filtering(request: Any, call_next: Any) -> Any:
    response = await call_next(request)
    response.filter_body(slowly)
    return response


async def peeking(request: Any, call_next: Any) -> Any:
    response = await call_next(request)
    await anext(response.body_iterator)
    await anyio.sleep(0.002)
    return response


@pytest.mark.parametrize("plugin", [passing, rewriting, reading, filtering, peeking])
async def test_every_chunk_arrives_in_the_order_of_its_task(house: House, plugin: Any) -> None:
    answer = await ask(house.around(two, plugin))

    taken = 1 if plugin is peeking else 0
    chunks = [chunk + b" " for chunk in answer.body.removesuffix(b"end").split()]
    assert answer.error is None
    assert answer.body.endswith(b"end")
    assert len(chunks) == len(A) + len(B) - taken
    for sent in (A, B):
        assert [chunk for chunk in chunks if chunk in sent] in (sent, sent[taken:])


async def test_neither_task_waits_until_the_other_has_nothing_more_to_send(house: House) -> None:
    answer = await ask(house.around(two, rewriting))

    assert {chunk[:1] for chunk in answer.chunks[:2]} == {b"a", b"b"}


async def test_one_of_them_may_give_up_while_the_other_is_taken(house: House) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def given_up() -> None:
            with anyio.move_on_after(0.005):
                for chunk in (b"x", b"y"):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})

        await send({"type": "http.response.start", "status": 200, "headers": []})
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(given_up)
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"end"})

    async def slow(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        pieces = []
        async for chunk in response.body_iterator:
            pieces.append(chunk)
            await anyio.sleep(0.02)
        return Response(b"".join(pieces))

    answer = await ask(house.around(app, slow))

    assert answer.error is None
    assert b"a" in answer.body
    assert answer.body.endswith(b"end")
