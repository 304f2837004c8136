"""The guard around plugin code: what becomes a fault, what passes, what is not kept."""

from __future__ import annotations

import asyncio
import gc
import weakref

import anyio
import anyio.lowlevel
import pytest

from marty_chassis.boundary import Faults, Phase, Strays, bounded, guarded
from marty_chassis.errors import DeadlineExceeded, PluginFault

from .foreign import await_a_cancelled_task, raise_cancellation_of_its_own

asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"])


def guard(faults: Faults) -> guarded:
    return guarded(faults, plugin="x", phase=Phase.HOOK, hook="health.check")


def test_code_that_behaves_is_not_noticed() -> None:
    faults = Faults()

    with guard(faults):
        pass

    assert faults.count("x") == 0
    assert repr(guard(faults)) == "<guarded 'x' hook health.check>"
    assert repr(guarded(faults, plugin="x", phase=Phase.START)) == "<guarded 'x' start>"


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, BaseException])
def test_whatever_is_raised_becomes_a_fault_of_the_plugin(kind) -> None:
    faults = Faults()

    with pytest.raises(PluginFault) as raised, guard(faults):
        raise kind("boom")

    (fault,) = faults.recent("x")
    assert raised.value.fault is fault
    assert (fault.plugin, fault.phase, fault.hook, fault.kind, fault.message) == (
        "x",
        Phase.HOOK,
        "health.check",
        kind.__name__,
        "boom",
    )
    assert str(raised.value) == (
        f"plugin 'x': hook health.check failed: {kind.__name__}: boom."
        " Its log lines (plugin=x) hold the traceback."
    )


def test_a_fault_that_is_reported_already_passes() -> None:
    faults = Faults()

    with (
        pytest.raises(PluginFault) as raised,
        guarded(faults, plugin="outer", phase=Phase.HOOK),
        guarded(faults, plugin="inner", phase=Phase.HOOK),
    ):
        raise ValueError("boom")

    assert raised.value.fault.plugin == "inner"
    assert faults.count("outer") == 0


def test_the_closing_of_a_generator_passes() -> None:
    faults = Faults()

    def generator():
        with guard(faults):
            yield 1

    running = generator()
    next(running)
    running.close()

    assert faults.count("x") == 0


async def test_the_hosts_cancellation_passes() -> None:
    faults = Faults()

    with anyio.move_on_after(0.005) as scope, guard(faults):
        await anyio.sleep_forever()

    assert scope.cancelled_caught
    assert faults.count("x") == 0


async def test_a_cancellation_that_the_plugin_makes_up_is_a_fault() -> None:
    faults = Faults()

    with pytest.raises(PluginFault), guard(faults):
        await raise_cancellation_of_its_own()

    assert faults.recent("x")[0].kind in {"CancelledError", "Cancelled"}
    await anyio.lowlevel.checkpoint()  # and this task is not cancelled


@asyncio_only
async def test_a_cancelled_task_that_the_plugin_awaits_is_a_fault() -> None:
    faults = Faults()

    with pytest.raises(PluginFault), guard(faults):
        await await_a_cancelled_task()

    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]


async def test_a_deadline_that_is_missed_is_a_fault() -> None:
    faults = Faults()

    with pytest.raises(PluginFault) as raised, guard(faults):
        await bounded(anyio.sleep_forever, 0.005, "health.check of x", strays=Strays())

    assert raised.value.fault.kind == DeadlineExceeded.__name__
    assert "had no answer within 0.005 s" in raised.value.fault.message


async def test_an_exit_within_a_deadline_does_not_reach_the_loop() -> None:
    faults = Faults()

    async def code() -> None:
        await anyio.lowlevel.checkpoint()
        raise SystemExit(3)

    with pytest.raises(PluginFault), guard(faults):
        await bounded(code, 1, "x", strays=Strays())

    assert faults.recent("x")[0].kind == "SystemExit"


def test_the_fault_keeps_nothing_of_the_plugin_alive() -> None:
    refs: list[weakref.ref[object]] = []

    class Local:
        """Something of the plugin's."""

    class Boom(Exception):
        """What the plugin raises."""

        def __init__(self) -> None:
            refs.append(weakref.ref(self))

    def plugin() -> None:
        local = Local()
        refs.append(weakref.ref(local))
        raise Boom

    gc.disable()
    try:
        try:
            with guard(Faults()):
                plugin()
        except PluginFault as error:
            kept = error
        alive = [ref() for ref in refs]
    finally:
        gc.enable()

    assert alive == [None, None]
    assert kept.__context__ is None
    assert kept.__cause__ is None
