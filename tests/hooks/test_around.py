"""Handlers around one another: order, attribution of errors, closed and open ones."""

from __future__ import annotations

import anyio
import pytest

from marty_chassis.errors import HookFailed
from marty_chassis.hooks import Handler, HookManager, Manners, Registrations, Standing, chain, step
from marty_hookspecs import middleware_process

SPEC = middleware_process.extension_point


def add(manager: HookManager, name: str, function, *, closed=True, scope=None) -> None:
    registrations = Registrations(manager, name, Standing(closed=closed, scope=scope))
    registrations.add_handler("middleware.process", function)
    registrations.publish()


async def passing(request, call_next):
    return await call_next(request)


async def ask(manager: HookManager, call_next) -> object:
    return await manager.hooks.call("middleware.process", "request", call_next)


async def answering(request):
    return f"response to {request}"


async def test_the_lowest_priority_is_outermost(manager) -> None:
    def around(name):
        async def process(request, call_next):
            return f"{name}({await call_next(request)})"

        return process

    add(manager, "b", around("b"))
    add(manager, "a", around("a"))

    assert await ask(manager, answering) == "a(b(response to request))"


async def test_a_plain_function_that_hands_on_is_as_good(manager) -> None:
    add(manager, "plain", lambda request, call_next: call_next(f"changed {request}"))

    assert await ask(manager, answering) == "response to changed request"


async def test_the_innermost_error_is_nobodys_fault_and_stays_itself(manager) -> None:
    error = LookupError("inside")

    async def failing(request):
        raise error

    add(manager, "closed", passing)
    add(manager, "open", passing, closed=False)

    with pytest.raises(LookupError) as raised:
        await ask(manager, failing)

    assert raised.value is error
    assert manager.faults.counts == {}


async def test_a_closed_handlers_fault_is_the_calls_error_and_named_once(manager) -> None:
    async def broken(request, call_next):
        await call_next(request)
        raise ValueError("mine")

    add(manager, "a-outer", passing)
    add(manager, "b-broken", broken)

    with pytest.raises(HookFailed) as raised:
        await ask(manager, answering)

    assert raised.value.plugin == "b-broken"
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert manager.faults.count("a-outer") == 0
    assert manager.faults.count("b-broken") == 1


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_open_handlers_fault_leaves_it_out_and_runs_the_rest_once(manager, when) -> None:
    runs = []

    async def counted(request):
        runs.append(request)
        return "response"

    async def broken(request, call_next):
        if when == "after":
            await call_next(request)
        raise ValueError(when)

    add(manager, "broken", broken, closed=False)

    assert await ask(manager, counted) == "response"
    assert runs == ["request"]
    assert manager.faults.count("broken") == 1


async def test_an_open_handler_that_hides_the_inner_error_behind_its_own_gives_it_back(
    manager,
) -> None:
    async def failing(request):
        raise LookupError("inside")

    async def broken(request, call_next):
        try:
            await call_next(request)
        except LookupError:
            raise ValueError("mine") from None

    add(manager, "broken", broken, closed=False)

    with pytest.raises(LookupError, match="inside"):
        await ask(manager, failing)


async def test_an_open_handler_that_keeps_failing_is_skipped(manager) -> None:
    calls = []

    async def broken(request, call_next):
        calls.append(request)
        raise ValueError

    add(manager, "broken", broken, closed=False)
    for _ in range(8):
        assert await ask(manager, answering) == "response to request"

    assert len(calls) == 5


async def test_a_closed_handler_is_never_skipped(manager) -> None:
    async def broken(request, call_next):
        raise ValueError

    add(manager, "broken", broken)
    for _ in range(8):
        with pytest.raises(HookFailed):
            await ask(manager, answering)

    assert manager.faults.count("broken") == 8


async def test_the_hosts_cancellation_is_no_fault(manager) -> None:
    async def waiting(request):
        await anyio.sleep_forever()

    add(manager, "closed", passing)
    add(manager, "open", passing, closed=False)

    with anyio.move_on_after(0.01) as scope:
        await ask(manager, waiting)

    assert scope.cancelled_caught
    assert manager.faults.counts == {}


@pytest.mark.parametrize("closed", [True, False])
async def test_nonsense_is_the_fault_of_who_answered_it(manager, closed) -> None:
    async def nonsense(request, call_next):
        return None

    made = chain(
        [
            step(Handler(name, "middleware_process", f, SPEC_PARAMETERS, closed=c), SPEC_PARAMETERS)
            for name, f, c in [("outer", passing, True), ("nonsense", nonsense, closed)]
        ],
        answering,
        SPEC,
        manager.failures,
        Manners(theirs=lambda value, error: False, accepts=lambda answer: answer is not None),
    )

    try:
        raise LookupError("which the application handles")
    except LookupError:
        if closed:
            with pytest.raises(HookFailed, match="it answered NoneType"):
                await made("request")
        else:
            assert await made("request") == "response to request"
    (fault,) = manager.faults.recent("nonsense")
    assert "LookupError" not in fault.traceback
    assert manager.faults.count("nonsense") == 1
    assert manager.faults.count("outer") == 0


SPEC_PARAMETERS = ("request", "call_next")


async def test_a_handler_with_a_scope_is_asked_inside_of_it_alone(manager) -> None:
    async def marking(request, call_next):
        return f"marked {await call_next(request)}"

    handler = Handler(
        "scoped", "middleware_process", marking, SPEC_PARAMETERS, scope="/in", closed=False
    )
    made = chain(
        [step(handler, SPEC_PARAMETERS)],
        answering,
        SPEC,
        manager.failures,
        Manners(
            theirs=lambda value, error: False,
            accepts=lambda answer: True,
            applies=lambda step, value: value.startswith(step.handler.scope),
        ),
    )

    assert await made("/in/x") == "marked response to /in/x"
    assert await made("/out") == "response to /out"


async def test_a_point_around_without_call_next_is_asked_from_the_inside_out(manager) -> None:
    for name in ("a", "b", "nothing"):
        registrations = Registrations(manager, name)
        registrations.add_handler(
            "web.wrap", lambda app, name=name: None if name == "nothing" else f"{name}({app})"
        )
        registrations.publish()

    assert await manager.hooks.call("web.wrap", "app") == "a(b(app))"


async def test_its_fault_raises(manager) -> None:
    async def broken(app):
        raise ValueError("mine")

    registrations = Registrations(manager, "broken")
    registrations.add_handler("web.wrap", broken)
    registrations.publish()

    with pytest.raises(HookFailed, match="ValueError: mine"):
        await manager.hooks.call("web.wrap", "app")
