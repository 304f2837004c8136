"""Which backend runs, and that trio stays optional."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import anyio
import anyio.lowlevel
import pytest
import trio

from marty_chassis.boundary import Outcome, Signal, host_cancelled, spawn

asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"])


def test_a_service_on_asyncio_never_imports_trio() -> None:
    program = """
import asyncio, sys
from marty_chassis.boundary import Strays, bounded

async def main():
    await bounded(lambda: asyncio.sleep(0.001), 1, "x", strays=Strays())

asyncio.run(main())
print("trio" in sys.modules)
"""

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert answer.stdout == "False\n", answer.stderr


@asyncio_only
async def test_on_asyncio_trio_need_not_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "trio")

    task = spawn(asyncio.sleep, 0, name="x")
    await task.wait()

    assert task.outcome is Outcome.RETURNED
    assert not host_cancelled(asyncio.CancelledError())


@asyncio_only
async def test_a_callback_of_asyncio_which_is_in_no_task_can_spawn(anyio_backend: str) -> None:
    spawned: Signal[bool] = Signal()

    async def code() -> None:
        spawned.set(True)

    asyncio.get_running_loop().call_soon(lambda: spawn(code, name="x", eager=True))

    assert await spawned.within(1)


@asyncio_only
async def test_trio_as_a_guest_of_asyncio_is_seen(anyio_backend: str) -> None:
    loop = asyncio.get_running_loop()
    over: asyncio.Future[str] = loop.create_future()

    async def main() -> str:
        with anyio.CancelScope():
            task = spawn(trio.lowlevel.checkpoint, name="x")
            await task.wait()
        return str(task.outcome)

    trio.lowlevel.start_guest_run(
        main,
        run_sync_soon_threadsafe=loop.call_soon_threadsafe,
        done_callback=lambda outcome: over.set_result(outcome.unwrap()),
        restrict_keyboard_interrupt_to_checkpoints=True,
    )

    assert await over == "Outcome.RETURNED"


@pytest.mark.parametrize("kind", ["SystemExit(3)", "KeyboardInterrupt()"])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_exit_in_a_plugin_does_not_end_the_program(kind: str, backend: str) -> None:
    answers: list[object] = []

    async def code() -> None:
        await anyio.lowlevel.checkpoint()
        raise {"SystemExit(3)": SystemExit(3), "KeyboardInterrupt()": KeyboardInterrupt()}[kind]

    async def main() -> None:
        task = spawn(code, name="x", eager=True)
        await task.wait()
        answers.append(repr(task.error))

    anyio.run(main, backend=backend)

    assert answers == [kind]
