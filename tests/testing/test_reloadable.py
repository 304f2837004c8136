"""A plugin that can be replaced while it is used, and those that cannot."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from marty_chassis.plugins import IHealthPlugin, IMiddlewarePlugin, hookimpl, plugin
from marty_chassis.testing import LeftBehind, NotReloadable, assert_reloadable

HEAD = """
import anyio
import reload_witness
from marty_chassis.plugins import IMiddlewarePlugin, IPlugin, IServicePlugin, plugin

"""

COUNTER = """
@plugin(name="counter")
class Counter(IMiddlewarePlugin):
    def __init__(self):
        self.seen = {"requests": 0}

    async def process_request(self, request, call_next):
        self.seen["requests"] += 1
        self.context.metrics.counter("requests", "seen").inc()
        return await call_next(request)

    async def export_state(self):
        return self.seen

    async def import_state(self, state):
        self.seen = state
"""


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of somebody else, that plugins import."""
    made = ModuleType("reload_witness")
    vars(made).update(kept=[], count=0)
    monkeypatch.setitem(sys.modules, "reload_witness", made)
    return made


@pytest.fixture
def written(plugin_folder, witness):
    """Write a plugin file with the imports that these have."""
    return lambda text: plugin_folder(HEAD + text, name="one")


@plugin(name="stamp")
class Stamp(IMiddlewarePlugin):
    async def process_request(self, request, call_next):
        response = await call_next(request)
        response.headers[self.context.get_config("header")] = "seen"
        return response


async def test_a_plugin_file_that_keeps_its_state(written) -> None:
    await assert_reloadable(written(COUNTER))


async def test_a_class_with_its_section() -> None:
    await assert_reloadable(Stamp, config={"header": "x-stamp"})


async def test_an_instance_which_is_replaced_by_itself() -> None:
    await assert_reloadable(Stamp(), config={"header": "x-stamp"})


async def test_one_that_publishes_itself(written) -> None:
    herald = written(
        """
@plugin(name="herald")
class Herald(IPlugin):
    async def start(self):
        await self.context.event_bus.publish("herald.awake", self)
"""
    )

    await assert_reloadable(herald)


async def test_a_bare_hook_and_one_that_says_exclusive() -> None:
    class Bare:
        @hookimpl
        async def middleware_process(self, request, call_next):
            return await call_next(request)

    @plugin(name="single", reload="exclusive")
    class Single(IHealthPlugin):
        async def check_health(self):
            return {"healthy": True}

    await assert_reloadable(Bare())
    await assert_reloadable(Single)


async def test_one_that_lets_nobody_in_is_told_what_lets_it(written) -> None:
    guard = written(
        """
from starlette.responses import PlainTextResponse

@plugin(name="guard")
class Guard(IMiddlewarePlugin):
    async def process_request(self, request, call_next):
        if request.headers.get("authorization") != "yes":
            return PlainTextResponse("no", status_code=401)
        return await call_next(request)
"""
    )

    with pytest.raises(NotReloadable, match=r"401 is answered before: say what lets one in"):
        await assert_reloadable(guard)

    await assert_reloadable(guard, headers={"authorization": "yes"})


BAD = {
    "does not start twice": (
        """
@plugin(name="bad")
class Bad(IPlugin):
    async def start(self):
        reload_witness.count += 1
        if reload_witness.count > 1:
            raise OSError("the port is taken")
""",
        "generation 1 could not be replaced: start failed: OSError: the port is taken",
    ),
    "is of no use after its stop": (
        """
@plugin(name="bad")
class Bad(IMiddlewarePlugin):
    async def process_request(self, request, call_next):
        if len(reload_witness.kept) > 1:
            raise KeyError("connection")
        return await call_next(request)

    async def start(self):
        reload_witness.kept.append(1)
""",
        "a request during a reload was answered with 500, and 200 was expected",
    ),
    "forgets its state": (
        COUNTER.replace("self.seen = state", "pass"),
        "what export_state gave was not there in the next generation: let import_state take all of"
        " it. {'requests': 2} was followed by {'requests': 0}",
    ),
    "takes its state and empties it": (
        COUNTER.replace("self.seen = state", "self.seen = state; state['requests'] = 0"),
        "{'requests': 2} was followed by {'requests': 0}",
    ),
    "leaves something behind": (
        """
import atexit

@plugin(name="bad")
class Bad(IPlugin):
    async def start(self):
        atexit.register(self.end)

    def end(self): ...
""",
        "end() is registered with atexit",
    ),
    "fails while it leaves": (
        """
@plugin(name="bad")
class Bad(IServicePlugin):
    async def on_service_unregister(self, service_info):
        raise KeyError("whom?")
""",
        "hook service.pre_unregister failed: KeyError: 'whom?'",
    ),
    "is kept by another module": (
        """
@plugin(name="bad")
class Bad(IPlugin):
    async def start(self):
        reload_witness.kept.append(self.start)
""",
        "the instance of Bad of generation 1 is still alive, held by reload_witness.kept",
    ),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD.keys())
async def test_one_that_is_not_is_told_why(written, text: str, said: str) -> None:
    with pytest.raises(NotReloadable) as raised:
        await assert_reloadable(written(text))

    assert said in str(raised.value)


async def test_what_old_generations_leave_is_named_when_the_last_has_stopped(
    written, monkeypatch
) -> None:
    monkeypatch.setenv("CENSUS_GENERATION", "0")
    path = written(
        """
import os

@plugin(name="bad")
class Bad(IPlugin):
    async def start(self):
        os.environ["CENSUS_GENERATION"] = str(id(self))
"""
    )

    with pytest.raises(LeftBehind, match="CENSUS_GENERATION was changed"):
        await assert_reloadable(path)
