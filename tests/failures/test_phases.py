"""A plugin that fails in one of its phases: the service, its neighbour and the application go on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .files import LEANING, NEIGHBOUR, RAISING, plainly, troubled
from .house import ANSWER, Project, Service, until

Make = Callable[..., Service]

ON_THE_WAY_UP = ("import", "construct", "initialize", "start")
ASYNCHRONOUS = ("initialize", "start")


def furnish(project: Project, trouble: str) -> None:
    project.plugin("troubled", trouble)
    project.plugin("leaning", LEANING)
    project.plugin("neighbour", NEIGHBOUR)


async def assert_the_others_serve(service: Service) -> None:
    """The application, the neighbour and the management answer as if nothing had happened."""
    answer = await service.get()
    assert (answer.status_code, answer.text) == (200, ANSWER)
    assert answer.headers["x-neighbour"] == "here"
    assert (await service.get("/neighbour")).text == "the neighbour"
    assert [one["type"] for one in await service.knock()] == [
        "websocket.accept",
        "websocket.send",
        "websocket.close",
    ]
    found = await service.chassis.service_registry.discover({"name": "next-door"})
    assert [one["id"] for one in found] == ["next-door-1"]
    (own,) = await service.chassis.service_registry.discover({"name": "marty-service"})
    assert own["tags"] == ["neighbour"]
    await service.chassis.event_bus.publish("news.of-today", "sunny", wait=True)
    neighbour = service.chassis.plugins.get("neighbour")
    assert neighbour.heard[-1] == "sunny"
    ready = await service.managed("/health/ready")
    assert ready.status_code == 200
    health = (await service.managed("/plugins/neighbour/health")).json()
    assert (health["healthy"], health["details"]) == (True, {"rooms": 3})


async def assert_failed(service: Service, phase: str, words: str, state: str = "error") -> None:
    """The plugin and who stands on it are where they belong, and nothing of both is left."""
    one, other = service.status("troubled"), service.status("leaning")
    assert (one.state.value, one.phase) == (state, phase)
    assert words in one.reason
    assert other.state.value == "blocked"
    assert other.blocked_by == ("troubled",)
    assert "'troubled'" in other.reason
    shown = (await service.managed("/plugins/troubled")).json()
    assert (shown["state"], shown["phase"], shown["reason"]) == (state, phase, one.reason)
    assert (await service.get("/troubled")).status_code == 404
    await service.assert_nothing_of("troubled", "leaning")


@pytest.mark.parametrize("kind", RAISING)
@pytest.mark.parametrize("phase", ON_THE_WAY_UP)
async def test_what_it_raises_on_the_way_up_stops_it_and_nobody_else(
    project: Project, service: Make, interrupts: list[str], phase: str, kind: str
) -> None:
    statement, name = RAISING[kind]
    furnish(project, troubled(**{phase: statement if phase in ASYNCHRONOUS else plainly(kind)}))

    async with service() as running:
        await assert_failed(running, phase, name)
        await assert_the_others_serve(running)
        assert interrupts == (["stop"] if kind == "interrupt" else [])

        await running.manager.start("troubled")

        await assert_failed(running, phase, name)
        neighbour = running.chassis.plugins.get("neighbour")
        assert f"troubled failed in {phase}" in neighbour.heard


@pytest.mark.parametrize("kind", RAISING)
async def test_what_it_raises_in_stop_keeps_nothing_from_being_undone(
    project: Project, service: Make, kind: str
) -> None:
    furnish(project, troubled(stop=RAISING[kind][0]))

    async with service() as running:
        assert set(running.states().values()) == {"started"}
        assert (await running.get("/troubled")).text == "troubled"

        await running.manager.stop("troubled")

        await assert_failed(running, "stop", RAISING[kind][1])
        await assert_the_others_serve(running)


@pytest.mark.parametrize("kind", RAISING)
async def test_what_it_raises_in_stop_does_not_disturb_the_end_of_the_service(
    project: Project, service: Make, kind: str
) -> None:
    furnish(project, troubled(stop=RAISING[kind][0]))

    async with service() as running:
        assert set(running.states().values()) == {"started"}

    assert running.states() == {"troubled": "error", "leaning": "stopped", "neighbour": "stopped"}
    assert running.status("troubled").phase == "stop"


@pytest.mark.usefixtures("short_time")
@pytest.mark.parametrize("phase", ASYNCHRONOUS)
async def test_one_that_hangs_on_the_way_up_is_given_up_after_its_time(
    project: Project, service: Make, phase: str
) -> None:
    furnish(project, troubled(**{phase: "await anyio.sleep_forever()"}))

    async with service() as running:
        await assert_failed(running, phase, "0.5 s")
        await assert_the_others_serve(running)


@pytest.mark.usefixtures("short_time")
async def test_a_module_that_hangs_in_its_initialize_is_given_up_after_its_time(
    project: Project, service: Make
) -> None:
    furnish(
        project,
        """
import anyio
from marty_chassis.plugins import IPlugin, PluginMetadata, hookimpl

plugin_metadata = PluginMetadata("troubled")

async def initialize(context):
    await anyio.sleep_forever()

@hookimpl
def health_check(): ...
""",
    )

    async with service() as running:
        await assert_failed(running, "initialize", "0.5 s")
        await assert_the_others_serve(running)


@pytest.mark.usefixtures("short_time")
async def test_one_that_hangs_in_stop_is_given_up_after_its_time(
    project: Project, service: Make
) -> None:
    furnish(project, troubled(stop="await anyio.sleep_forever()"))

    async with service() as running:
        await running.manager.stop("troubled")

        await assert_failed(running, "stop", "0.5 s")
        await assert_the_others_serve(running)


@pytest.mark.usefixtures("short_grace", "short_time")
@pytest.mark.parametrize("phase", ["initialize", "start", "stop"])
async def test_one_that_swallows_its_cancellation_is_cut_off_and_named(
    project: Project, service: Make, phase: str
) -> None:
    furnish(project, troubled(**{phase: "await deaf()"}))

    async with service() as running:
        if phase == "stop":
            await running.manager.stop("troubled")
        one = running.status("troubled")
        assert (one.state.value, one.phase) == ("quarantined", phase)
        assert "restart the process" in one.reason
        assert running.states()["leaning"] == "blocked"
        assert running.manager.failures.strays.names() == ("plugin troubled",)
        assert "troubled" not in running.chassis.pending()
        assert "troubled" not in running.manager.current.contributions
        await assert_the_others_serve(running)
        refused = await running.managed("/plugins/troubled/enable", "POST")
        assert refused.status_code == 409

        project.write("released", "")
        await until(lambda: not running.manager.failures.strays)
        await running.assert_nothing_of("troubled", "leaning")


@pytest.mark.usefixtures("short_grace", "short_time")
async def test_one_that_would_not_leave_starts_again_once_it_has(
    project: Project, service: Make
) -> None:
    furnish(project, troubled(start="if not Path('released').exists(): await deaf()"))

    async with service() as running:
        assert running.states()["troubled"] == "quarantined"
        project.write("released", "")
        await until(lambda: not running.manager.failures.strays)

        await running.manager.start("troubled")

        assert set(running.states().values()) == {"started"}
        await assert_the_others_serve(running)


@pytest.mark.usefixtures("short_grace", "short_time")
async def test_the_end_of_the_service_waits_for_nobody_for_ever(
    project: Project, service: Make, log: list[str]
) -> None:
    furnish(project, troubled(stop="await deaf()"))
    running = service()
    running.strays_allowed = True

    async with running:
        assert set(running.states().values()) == {"started"}

    one = running.status("troubled")
    assert (one.state.value, one.phase) == ("quarantined", "stop")
    assert any("restart the process" in line and "troubled" in line for line in log)
    project.write("released", "")
    await until(lambda: not running.manager.failures.strays)


FORGETFUL = """
from marty_chassis.plugins import IMiddlewarePlugin, hookimpl, plugin

@plugin(name="troubled")
class Forgetful(IMiddlewarePlugin):
    def __init__(self):
        self.before = hasattr(self, "context")

    def initialize(self, context):
        self.name = context.name

    async def process_request(self, request, call_next):
        response = await call_next(request)
        self.logger.info("a request passed")
        response.headers["x-forgetful"] = f"{self.name} {self.context.name}"
        return response
"""


async def test_one_that_forgets_super_works(project: Project, service: Make) -> None:
    furnish(project, FORGETFUL)

    async with service() as running:
        assert set(running.states().values()) == {"started"}
        assert (await running.get()).headers["x-forgetful"] == "troubled troubled"
        await assert_the_others_serve(running)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ("self.context.event_bus.subscribe('news.*', 3)", "WrongHandler"),
        ("self.context.event_bus.subscribe('', self.listen)", "InvalidEvent"),
        ("self.context.metrics.gauge('seen')", "ValueError"),
        ("await self.context.service_registry.register(3)", "InvalidService"),
        ("await self.context.event_bus.publish('a', source='neighbour')", "ForeignSource"),
        ("self.context.extension_points.register_handler('no.such', len)", "which does not exist"),
        ("self.context.plugins.get('nobody').greet()", "PluginUnavailable"),
    ],
)
async def test_using_its_context_wrongly_fails_the_start(
    project: Project, service: Make, statements: str, words: str
) -> None:
    furnish(project, troubled(start=statements))

    async with service() as running:
        await assert_failed(running, "start", words)
        await assert_the_others_serve(running)


async def test_a_task_that_cannot_be_run_fails_the_start(project: Project, service: Make) -> None:
    furnish(project, troubled(start="self.context.tasks.start(3)"))

    async with service() as running:
        await assert_failed(running, "run", "TypeError")
        await assert_the_others_serve(running)


@pytest.mark.parametrize(
    ("place", "statements"),
    [
        ("construct", "self.context = self.logger = self.plugin_metadata = 3"),
        ("initialize", "return 3"),
        ("start", "return self"),
        ("stop", "return [1]"),
        ("more", "__hash__ = None"),
        ("more", "__slots__ = ('started',)"),
        ("more", "def __eq__(self, other): raise ValueError"),
        ("more", "def __bool__(self): raise ValueError"),
        ("more", "def __repr__(self): raise ValueError"),
        ("more", "def __getattr__(self, name): raise AttributeError(name)"),
    ],
)
async def test_oddities_that_are_no_harm_are_none(
    project: Project, service: Make, place: str, statements: str
) -> None:
    furnish(project, troubled(**{place: statements}))

    async with service() as running:
        assert set(running.states().values()) == {"started"}
        await assert_the_others_serve(running)
        await running.manager.stop("troubled")
        assert running.states()["troubled"] == "stopped"
        await running.assert_nothing_of("troubled", "leaning")


@pytest.mark.parametrize(
    ("place", "statements", "phase", "words"),
    [
        ("construct", "return 3", "construct", "TypeError"),
        ("more", "def __getattr__(self, name): raise ValueError(name)", "construct", "ValueError"),
        ("more", "initialize = 3", "initialize", "TypeError"),
        ("more", "async def start(self, more): ...", "start", "TypeError"),
        ("more", "def initialize(self): ...", "initialize", "TypeError"),
    ],
)
async def test_what_cannot_be_called_is_an_error_of_that_phase(
    project: Project, service: Make, place: str, statements: str, phase: str, words: str
) -> None:
    furnish(project, troubled(**{place: statements}))

    async with service() as running:
        await assert_failed(running, phase, words)
        await assert_the_others_serve(running)
