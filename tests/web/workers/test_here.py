"""Orders carried out with real plugins, and one service that stands as another one does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import pytest

from marty_chassis import Chassis, ChassisConfig
from marty_chassis.lifecycle import State, Supervisor
from marty_chassis.web.workers import Here, Order

from .processes import write_plugin

Make = Callable[..., Awaitable[Supervisor]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plugin that meets requests, so that the service cannot do without it once it has served."""
    (tmp_path / "plugins").mkdir()
    write_plugin(tmp_path, "one")
    return tmp_path


@pytest.fixture
async def make(folder: Path) -> AsyncIterator[Make]:
    """Make the service, as each process does, and stop it at the end."""
    async with AsyncExitStack() as stack:

        async def made(*, start: bool = True) -> Supervisor:
            config = ChassisConfig(
                plugins={"directories": [folder / "plugins"], "entry_points": "none"}
            )
            chassis = Chassis(config)
            supervisor = chassis.plugin_manager.supervisor
            stack.push_async_callback(supervisor.stop)
            if start:
                await supervisor.start()
            return supervisor

        yield made


def order(action: str, plugin: str = "headers", **more: object) -> Order:
    return Order.model_validate(
        {"id": "a", "pid": 1, "number": 1, "action": action, "plugin": plugin, **more}
    )


async def test_every_kind_of_order_is_carried_out(make: Make, folder: Path) -> None:
    supervisor = await make()
    here = Here(supervisor)
    write_plugin(folder, "two")

    reloaded = await here.carry_out(order("reload"))
    disabled = await here.carry_out(order("disable", force=True))
    enabled = await here.carry_out(order("enable"))

    assert (reloaded.ok, reloaded.generation) == (True, 2)
    assert reloaded.sha256 == supervisor.on_disk("headers")
    assert (disabled.ok, enabled.ok, enabled.generation) == (True, True, 3)
    assert supervisor.status_of("headers").state is State.STARTED


async def test_what_cannot_be_carried_out_is_said_and_raises_nothing(
    make: Make, folder: Path
) -> None:
    here = Here(await make())

    (folder / "plugins/headers.py").write_text("def broken(:")
    rolled_back = await here.carry_out(order("reload"))
    unknown = await here.carry_out(order("reload", "header"))
    required = await here.carry_out(order("disable"))

    assert (rolled_back.ok, rolled_back.rolled_back, rolled_back.generation) == (False, True, 1)
    assert "SyntaxError" in rolled_back.reason
    assert "Did you mean 'headers'?" in unknown.reason
    assert "required" in required.reason


async def test_a_mistake_of_ours_is_an_answer_too(
    make: Make, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    supervisor = await make()

    async def reload(name: str) -> None:
        raise RuntimeError("oh")

    monkeypatch.setattr(supervisor, "reload", reload)
    result = await Here(supervisor).carry_out(order("reload"))

    assert result.reason == "RuntimeError: a mistake in marty-chassis, see its log."
    assert any("RuntimeError: oh" in line for line in log)


async def test_a_busy_plugin_is_waited_for_as_long_as_the_other_worker_waits(
    make: Make, folder: Path
) -> None:
    (folder / "plugins/slow.py").write_text(
        "import anyio\n"
        "from marty_chassis.plugins import IPlugin, plugin\n"
        "@plugin(name='slow')\n"
        "class Slow(IPlugin):\n"
        "    async def stop(self):\n"
        "        await anyio.sleep(0.3)\n"
    )
    supervisor = await make()
    here = Here(supervisor)

    async with anyio.create_task_group() as group:
        group.start_soon(supervisor.disable, "slow")
        await anyio.sleep(0.05)
        impatient = await here.carry_out(order("enable", "slow", seconds=0.06))
        patient = await here.carry_out(order("enable", "slow", seconds=5))

    assert (impatient.ok, patient.ok) == (False, True)
    assert "stopping" in impatient.reason


async def test_one_that_comes_up_later_stands_as_the_others_do(make: Make) -> None:
    first = await make()
    for _ in range(3):
        await first.reload("headers")

    second = await make(start=False)
    await Here(second).come_up(Here(first).standing())
    await second.start()

    assert second.status_of("headers").generation == first.status_of("headers").generation == 4


async def test_a_guard_that_is_disabled_in_the_others_is_missed_here_too(make: Make) -> None:
    first = await make()
    await first.disable("headers", force=True)

    second = await make(start=False)
    await Here(second).come_up(Here(first).standing())
    await second.start()

    assert second.status_of("headers").state is State.DISABLED
    assert [one.name for one in second.missing] == ["headers"]
    assert [one.name for one in first.missing] == ["headers"]


@pytest.mark.parametrize("change", ["deleted", "broken"])
async def test_a_guard_that_cannot_be_read_any_more_is_missed(
    make: Make, folder: Path, change: str
) -> None:
    first = await make()
    path = folder / "plugins/headers.py"
    path.unlink() if change == "deleted" else path.write_text("def broken(:")

    second = await make(start=False)
    await Here(second).come_up(Here(first).standing())
    await second.start()

    assert [one.name for one in second.missing] == ["headers"]


async def test_one_that_was_enabled_in_the_others_is_enabled_here(make: Make) -> None:
    first, second = await make(), await make()
    for supervisor in (first, second):
        await supervisor.disable("headers", force=True)
    await first.enable("headers")

    await Here(second).catch_up(Here(first).standing())

    assert second.status_of("headers").state is State.STARTED


async def test_what_was_read_too_early_is_reloaded(make: Make, folder: Path) -> None:
    late = await make()
    write_plugin(folder, "two")
    first = await make()

    await Here(late).catch_up(Here(first).standing())

    assert late.status_of("headers").sha256 == first.status_of("headers").sha256
    assert late.status_of("headers").generation == 2


async def test_what_nobody_can_run_any_more_is_said(
    make: Make, folder: Path, log: list[str]
) -> None:
    first = await make()
    write_plugin(folder, "two")
    late = await make()

    await Here(late).catch_up(Here(first).standing())

    assert late.status_of("headers").generation == 1
    assert any("Its source has changed since they read it" in line for line in log)
