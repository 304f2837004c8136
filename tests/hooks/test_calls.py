"""Asking plugins: how answers combine, and what an error does."""

from __future__ import annotations

import gc
import threading
import weakref
from functools import partial

import anyio
import anyio.lowlevel
import pytest
from anyio.to_thread import current_default_thread_limiter

from marty_chassis.errors import HookFailed, UnknownHook
from marty_chassis.hooks import ExtensionPoint, ExtensionPointManager, HookManager, Registrations
from marty_hookspecs import (
    ErrorPolicy,
    ExtensionPointType,
    hookimpl,
    metrics_collect,
    service_discover,
    service_post_register,
    service_pre_register,
)


def custom(manager: HookManager, type: ExtensionPointType, **more) -> Registrations:
    """A plugin that brings the point `data.work` and is visible."""
    registrations = Registrations(manager, "owner")
    registrations.add_point(
        ExtensionPoint("data.work", type, "Work on data.", {"data": "int"}, "int", **more)
    )
    registrations.publish()
    return registrations


def handle(manager: HookManager, plugin: str, function, **options) -> Registrations:
    registrations = Registrations(manager, plugin)
    registrations.add_handler("data.work", function, options)
    registrations.publish()
    return registrations


async def test_a_filter_hands_on_what_the_one_before_returned(manager) -> None:
    custom(manager, ExtensionPointType.FILTER)
    handle(manager, "a", lambda data: data + 1)
    handle(manager, "b", lambda data: None)
    handle(manager, "c", lambda data: data * 10)

    assert await manager.hooks.call("data.work", 1) == 20
    assert await manager.hooks.call("data_work", data=1) == 20


async def test_an_action_gives_every_result_and_a_provider_those_that_are_something(
    manager,
) -> None:
    for type, expected in [
        (ExtensionPointType.ACTION, [1, None]),
        (ExtensionPointType.PROVIDER, [1]),
        (ExtensionPointType.HOOK, None),
    ]:
        owner = custom(manager, type)
        handle(manager, "a", lambda data: data)
        handle(manager, "b", lambda data: None)

        assert await manager.hooks.call("data.work", 1) == expected

        owner.withdraw()


async def test_a_point_that_nobody_handles_answers_with_nothing(manager) -> None:
    info = {"name": "billing"}

    assert await manager.hooks.ask(service_pre_register, info) == info
    assert await manager.hooks.ask(service_discover, {}) == []
    assert await manager.hooks.ask(service_post_register, info) is None


@pytest.mark.parametrize("deadline", [None, 5.0])
async def test_every_kind_of_function_can_be_a_handler(manager, deadline) -> None:
    async def coroutine(data):
        await anyio.lowlevel.checkpoint()
        return [data, "async"]

    def function(data):
        return [data, "sync"]

    def awaitable(data):
        return coroutine(data)

    class Callable:
        async def __call__(self, data):
            return [data, "object"]

    def blocking(data):
        return [data, "thread"]

    custom(manager, ExtensionPointType.ACTION, deadline=deadline)
    for number, handler in enumerate([coroutine, function, awaitable, partial(coroutine)]):
        handle(manager, f"p{number}", handler)
    handle(manager, "p4", Callable())
    handle(manager, "p5", blocking, blocking=True)
    handle(manager, "p6", lambda: ["no", "arguments"])

    words = [answer[1] for answer in await manager.hooks.call("data.work", 1)]

    assert words == ["async", "sync", "async", "async", "object", "thread", "arguments"]


async def test_one_that_hangs_in_a_thread_takes_none_of_the_services(manager) -> None:
    goes_on, limiter = threading.Event(), current_default_thread_limiter()
    custom(manager, ExtensionPointType.ACTION, deadline=0.02)
    handle(manager, "hangs", lambda data: goes_on.wait(), blocking=True)

    try:
        await manager.hooks.call("data.work", 1)

        assert manager.faults.recent("hangs")[0].kind == "DeadlineExceeded"
        assert limiter.borrowed_tokens == 0
    finally:
        goes_on.set()
        with anyio.fail_after(3):
            while manager.failures.strays:
                await anyio.sleep(0.01)


@pytest.mark.parametrize("deadline", [None, 5.0])
@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, BaseException])
async def test_a_fault_is_contained_and_the_last_good_value_kept(manager, error, deadline) -> None:
    def broken(data):
        raise error("nonsense")

    custom(manager, ExtensionPointType.FILTER, deadline=deadline)
    handle(manager, "a", lambda data: data + 1)
    handle(manager, "b", broken)
    handle(manager, "c", lambda data: data * 10)

    assert await manager.hooks.call("data.work", 1) == 20
    (fault,) = manager.faults.recent("b")
    assert (fault.hook, fault.kind, fault.message) == ("data.work", error.__name__, "nonsense")


@pytest.mark.parametrize("deadline", [None, 5.0])
async def test_a_point_that_raises_names_the_plugin_and_hides_its_exception(
    manager, deadline
) -> None:
    async def broken(data):
        raise ValueError("no such table")

    custom(manager, ExtensionPointType.ACTION, on_error=ErrorPolicy.RAISE, deadline=deadline)
    handle(manager, "broken", broken)

    with pytest.raises(HookFailed) as raised:
        await manager.hooks.call("data.work", 1)

    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert str(raised.value) == (
        "plugin 'broken' failed in 'data.work': ValueError: no such table."
        " Its log lines (plugin=broken) hold the traceback."
    )


@pytest.mark.parametrize("deadline", [None, 5.0])
async def test_who_keeps_the_error_does_not_keep_the_plugins_exception(manager, deadline) -> None:
    kept: list[weakref.ref[Exception]] = []

    class Failing(Exception):
        pass

    async def broken(data):
        error = Failing("secret")
        kept.append(weakref.ref(error))
        try:
            raise error
        finally:
            del error  # A frame that holds the exception it raises is a cycle of its own.

    custom(manager, ExtensionPointType.ACTION, on_error=ErrorPolicy.RAISE, deadline=deadline)
    handle(manager, "broken", broken)

    with pytest.raises(HookFailed) as raised:
        await manager.hooks.call("data.work", 1)

    # Before Python 3.12 the task of a call with a deadline ends one round of the loop later.
    await anyio.wait_all_tasks_blocked()
    gc.collect()
    assert raised.value.kind == "Failing"
    assert kept[0]() is None


async def test_a_failed_filter_leaves_no_half_made_change_where_the_point_copies(manager) -> None:
    class Vandal:
        @hookimpl
        async def service_pre_register(self, service_info):
            service_info["name"] = "half made"
            raise ValueError

    manager.register(Vandal(), "vandal")
    given = {"name": "billing"}

    assert await manager.hooks.ask(service_pre_register, given) == {"name": "billing"}
    assert given == {"name": "billing"}


async def test_a_copying_point_without_a_deadline_copies_too(manager) -> None:
    def vandal(data):
        data.append("half made")
        raise ValueError

    custom(manager, ExtensionPointType.FILTER, copy=True)
    handle(manager, "vandal", vandal)

    assert await manager.hooks.call("data.work", ["whole"]) == ["whole"]


async def test_a_plugin_that_is_too_slow_is_left_behind(manager) -> None:
    async def slow(data):
        await anyio.sleep_forever()

    custom(manager, ExtensionPointType.ACTION, deadline=0.02)
    handle(manager, "slow", slow)
    handle(manager, "quick", lambda data: data)

    assert await manager.hooks.call("data.work", 1) == [1]
    assert manager.faults.recent("slow")[0].kind == "DeadlineExceeded"


async def test_each_answer_tells_its_plugin_its_seconds_and_its_error(manager) -> None:
    class Good:
        @hookimpl
        async def metrics_collect(self):
            return {"queue": 3}

    class Bad:
        @hookimpl
        def metrics_collect(self):
            raise RuntimeError("gone")

    manager.register(Good(), "good")
    manager.register(Bad(), "bad")

    bad, good = await manager.hooks.ask_detailed(metrics_collect)

    assert (good.plugin, good.value, good.ok) == ("good", {"queue": 3}, True)
    assert (bad.plugin, bad.value, bad.ok) == ("bad", None, False)
    assert bad.error is not None
    assert bad.error.message == "gone"
    assert 0 <= good.seconds < 5
    assert [a.plugin for a in await manager.hooks.ask_one("good", metrics_collect)] == ["good"]


async def test_a_handler_that_keeps_failing_is_left_out_for_a_while(manager) -> None:
    calls = 0

    class Bad:
        @hookimpl
        def metrics_collect(self):
            nonlocal calls
            calls += 1
            raise RuntimeError("gone")

    manager.register(Bad(), "bad")

    for _ in range(8):
        (answer,) = await manager.hooks.ask_detailed(metrics_collect)
        assert answer.error is not None

    assert calls == 5


async def test_the_hosts_cancellation_passes_through(manager) -> None:
    async def slow(data):
        await anyio.sleep_forever()

    custom(manager, ExtensionPointType.FILTER)
    handle(manager, "slow", slow)

    with anyio.move_on_after(0.01) as scope:
        await manager.hooks.call("data.work", 1)

    assert scope.cancelled_caught
    assert manager.faults.recent("slow") == ()


@pytest.mark.parametrize(
    ("args", "kwargs"), [((), {}), ((1, 2), {}), ((1,), {"data": 1}), ((), {"date": 1})]
)
@pytest.mark.parametrize("deadline", [None, 5.0])
async def test_wrong_arguments_are_the_callers_error(manager, deadline, args, kwargs) -> None:
    custom(manager, ExtensionPointType.FILTER, deadline=deadline)

    with pytest.raises(TypeError, match="data"):
        await manager.hooks.call("data.work", *args, **kwargs)


async def test_an_unknown_point_is_an_error_with_a_guess(manager) -> None:
    with pytest.raises(UnknownHook, match=r"Did you mean 'service\.pre_register'\?"):
        await manager.hooks.call("service.preregister", {})


async def test_the_application_may_ask_and_handle_as_plugins_do(manager) -> None:
    points = ExtensionPointManager(Registrations(manager, "application"))

    assert "metrics.collect" in points.list_extension_points()
    assert await points.call("metrics.collect") == []
    assert await points.call_detailed("metrics.collect") == []
