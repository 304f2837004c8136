"""Which event loop is running, to notice that it has changed."""

from __future__ import annotations

import anyio
import pytest

from marty_chassis.boundary import running_loop


async def test_it_is_the_same_in_every_task_of_one_loop() -> None:
    seen = []

    async def look() -> None:
        seen.append(running_loop())

    async with anyio.create_task_group() as group:
        group.start_soon(look)
        group.start_soon(look)

    assert seen[0] is seen[1] is running_loop() is not None


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_another_run_is_another_loop(backend) -> None:
    async def look() -> object:
        return running_loop()

    assert anyio.run(look, backend=backend) is not anyio.run(look, backend=backend)


def test_outside_of_a_loop_it_is_none() -> None:
    assert running_loop() is None
