"""What fails later, or is not ready yet: who stands on it waits, and comes back by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest
import uvicorn

from marty_chassis import Chassis, create_app
from marty_chassis.errors import StartAborted

from .files import LEANING, NEIGHBOUR, RAISING, troubled
from .house import Project, Service, until
from .test_phases import assert_failed, assert_the_others_serve

Make = Callable[..., Service]

LATER = """
async def die():
    while not Path("doomed").exists():
        await anyio.sleep(0.005)
    Path("doomed").unlink()
    {}
self.context.tasks.start(die, name="poller")
"""

STANDS_ON_LEANING = LEANING.replace("leaning", "highest").replace("troubled", "leaning")

NOT_READY = """
if not Path("there").exists():
    raise PluginNotReady("no database"{})
"""


def furnish(project: Project, trouble: str) -> None:
    trouble = trouble.replace("IPlugin, hookimpl", "IPlugin, PluginNotReady, hookimpl")
    project.plugin("troubled", trouble)
    project.plugin("leaning", LEANING)
    project.plugin("highest", STANDS_ON_LEANING)
    project.plugin("neighbour", NEIGHBOUR)


@pytest.mark.parametrize("kind", RAISING)
async def test_a_background_task_that_dies_later_takes_its_plugin_and_who_stands_on_it(
    project: Project, service: Make, interrupts: list[str], kind: str
) -> None:
    furnish(project, troubled(start=LATER.format(RAISING[kind][0])))

    async with service() as running:
        assert set(running.states().values()) == {"started"}
        await assert_the_others_serve(running)

        project.write("doomed", "")
        await until(lambda: running.states()["troubled"] == "error")

        await assert_failed(running, "run", RAISING[kind][1])
        assert "poller" in running.status("troubled").reason
        assert running.status("highest").blocked_by == ("leaning",)
        assert interrupts == (["stop"] if kind == "interrupt" else [])
        await assert_the_others_serve(running)

        await running.manager.start("troubled")
        await until(lambda: set(running.states().values()) == {"started"})
        assert (await running.get("/troubled")).text == "troubled"
        await assert_the_others_serve(running)


async def test_requests_under_way_are_served_while_a_plugin_dies(
    project: Project, service: Make
) -> None:
    furnish(project, troubled(start=LATER.format("raise ValueError")))

    async with service() as running:
        answers: list[int] = []

        async def ask() -> None:
            while running.states()["troubled"] != "error":
                answers.append((await running.get()).status_code)
                await anyio.sleep(0.001)

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(ask)
            await until(lambda: len(answers) > 10)
            project.write("doomed", "")

        assert set(answers) == {200}


async def test_a_plugin_that_dies_again_and_again_leaves_nothing_behind(
    project: Project, service: Make
) -> None:
    furnish(project, troubled(start=LATER.format("raise ValueError")))

    async with service() as running:
        for generation in range(1, 6):
            assert running.status("troubled").generation == generation
            project.write("doomed", "")
            await until(lambda: running.states()["troubled"] == "error")
            await running.assert_nothing_of("troubled", "leaning", "highest")
            await running.manager.start("troubled")
            await until(lambda: running.states()["highest"] == "started")


@pytest.mark.parametrize("pause", ["", ", retry_after=0.03"])
@pytest.mark.parametrize("phase", ["initialize", "start"])
async def test_a_plugin_that_is_not_ready_starts_later_and_who_stands_on_it_too(
    project: Project, service: Make, phase: str, pause: str
) -> None:
    furnish(project, troubled(**{phase: NOT_READY.format(pause)}))

    async with service() as running:
        await until(lambda: running.status("troubled").attempt >= 2)
        one = running.status("troubled")
        assert one.state.value in ("retrying", "loaded", "initializing", "initialized", "starting")
        assert running.faults("troubled") == []
        assert running.states()["neighbour"] == "started"

        project.write("there", "")
        await until(lambda: set(running.states().values()) == {"started"})

        assert running.status("troubled").attempt == 0
        assert running.status("troubled").next_try is None
        await assert_the_others_serve(running)


async def test_while_a_plugin_waits_for_its_next_try_nothing_of_it_is_there(
    project: Project, service: Make
) -> None:
    furnish(project, troubled(start=NOT_READY.format(", retry_after=60")))

    async with service() as running:
        one, other = running.status("troubled"), running.status("leaning")
        assert (one.state.value, one.phase, one.reason) == (
            "retrying",
            "start",
            "not ready: no database. It is tried again by itself.",
        )
        assert one.next_try is not None
        assert other.state.value == "blocked"
        assert other.blocked_by == ("troubled",)
        await running.assert_nothing_of("troubled", "leaning", "highest")
        await assert_the_others_serve(running)

        project.write("there", "")
        await running.manager.start("troubled")
        await until(lambda: set(running.states().values()) == {"started"})


@pytest.mark.parametrize("made", [False, True])
async def test_a_strict_service_does_not_start_and_says_all_that_is_wrong(
    project: Project, service: Make, made: bool
) -> None:
    furnish(project, troubled(start="raise ValueError('no host')"))
    project.plugin("unreadable", "class (:\n")
    project.plugin("waiting", NEEDS_MORE_TIME)
    project.configure({"strict": True, "required": ["nobody"]})
    running = service(made=made)

    with pytest.raises(StartAborted) as aborted:
        await running.__aenter__()

    assert aborted.value.reasons.keys() == {
        "troubled",
        "leaning",
        "highest",
        "unreadable",
        "waiting",
        "nobody",
    }
    said = str(aborted.value)
    assert "no host" in said
    assert "SyntaxError" in said
    assert "'troubled', which is" in said
    assert "not yet" in said
    running.assert_at_rest()


NEEDS_MORE_TIME = """
from marty_chassis.plugins import IPlugin, PluginNotReady, plugin

@plugin(name="waiting")
class Waiting(IPlugin):
    async def start(self):
        raise PluginNotReady("not yet")
"""


async def test_a_strict_service_that_is_mended_starts(project: Project, service: Make) -> None:
    trouble = "if not Path('mended').exists(): raise ValueError('no host')"
    furnish(project, troubled(start=trouble))
    project.configure({"strict": True})
    running = service()
    with pytest.raises(StartAborted, match="no host"):
        await running.__aenter__()

    project.write("mended", "")
    async with running:
        assert set(running.states().values()) == {"started"}
        await assert_the_others_serve(running)


@pytest.mark.parametrize("kind", ["wrapped", "made"])
def test_a_server_with_a_strict_service_ends_with_code_3(
    project: Project, log: list[str], kind: str
) -> None:
    furnish(project, troubled(start="raise ValueError('no host')"))
    config = project.configure({"strict": True})
    app: Any = create_app(config) if kind == "made" else Chassis(config).wrap(_bare)

    with pytest.raises(SystemExit) as ended:
        uvicorn.run(app, host="127.0.0.1", port=0, log_config=None, lifespan="on")

    assert ended.value.code == 3


async def _bare(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("nobody is served")


async def test_a_service_that_is_stopped_while_it_starts_leaves_nothing(
    project: Project, service: Make
) -> None:
    furnish(project, troubled(start="await anyio.sleep_forever()"))
    running = service()

    async with anyio.create_task_group() as group:
        group.start_soon(running.__aenter__)
        await until(lambda: running.states()["troubled"] == "starting")
        await running.manager.stop()

    assert running.states()["troubled"] == "stopped"
    await running.chassis.__aexit__(None, None, None)
    running.assert_at_rest()


@pytest.mark.usefixtures("short_time")
async def test_a_server_that_gives_up_its_start_leaves_nothing(
    project: Project, service: Make
) -> None:
    furnish(project, troubled(start="await anyio.sleep_forever()"))
    running = service()

    with anyio.move_on_after(0.1):
        await running.__aenter__()
    await until(lambda: running.states()["troubled"] == "error")
    await running.manager.stop()

    assert "troubled" not in running.chassis.pending()
