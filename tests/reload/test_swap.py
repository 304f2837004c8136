"""What a reload does: new code serves, dependents come along, order and state stay."""

from __future__ import annotations

import anyio
import pytest

from marty_chassis.errors import PluginDisabled, UnknownPlugin
from marty_chassis.lifecycle import Moved, State

from .works import Works, until

TALKS = """
async def initialize(self, context):
    witness.log.append(("initialize", NAME, WORD))
async def start(self):
    witness.log.append(("start", NAME, WORD))
async def stop(self):
    witness.log.append(("stop", NAME, WORD))
"""


async def test_new_code_serves_and_the_answer_says_so(works: Works) -> None:
    works.write("stamp", "old")
    await works.start()
    before = await works.ask("/plugins/stamp")
    works.write("stamp", "new")

    reloaded = await works.reload("Stamp")

    assert await works.stamps() == {"stamp": "new"}
    works.assert_whole(stamp="new")
    assert (reloaded.plugin, reloaded.generation, reloaded.cascade) == ("stamp", 2, ())
    assert reloaded.code_reloaded
    assert not reloaded.rolled_back
    assert not reloaded.require_restart
    assert reloaded.reason == ""
    assert 0 < reloaded.duration_ms < 2000
    after = await works.ask("/plugins/stamp")
    assert after["sha256"] == reloaded.sha256 != before["sha256"]
    assert after["generation"] == 2


async def test_old_and_new_run_side_by_side_and_the_old_one_stops_last(works: Works) -> None:
    works.write("stamp", "old", TALKS)
    await works.start()
    works.write("stamp", "new", TALKS)

    await works.reload("stamp", drained=True)

    assert [what for what in works.log if what[0] != "enter"] == [
        ("initialize", "stamp", "old"),
        ("start", "stamp", "old"),
        ("initialize", "stamp", "new"),
        ("start", "stamp", "new"),
        ("stop", "stamp", "old"),
    ]
    assert len(works.modules("stamp")) == 1


async def test_dependents_are_replaced_with_it_in_order_and_leave_in_reverse(works: Works) -> None:
    works.write("base", "1", TALKS)
    works.write("middle", "1", TALKS, says="dependencies=['base']")
    works.write("top", "1", TALKS, says="optional_dependencies=['middle']")
    works.write("apart", "1", TALKS)
    await works.start()
    works.log.clear()
    works.write("base", "2", TALKS)

    reloaded = await works.reload("base", drained=True)

    assert reloaded.cascade == ("middle", "top")
    assert works.log == [
        ("initialize", "base", "2"),
        ("start", "base", "2"),
        ("initialize", "middle", "1"),
        ("start", "middle", "1"),
        ("initialize", "top", "1"),
        ("start", "top", "1"),
        ("stop", "top", "1"),
        ("stop", "middle", "1"),
        ("stop", "base", "1"),
    ]
    works.assert_whole(base="2", middle="1", top="1", apart="1")
    assert (await works.ask("/plugins/top"))["generation"] == 2
    assert (await works.ask("/plugins/apart"))["generation"] == 1


LOOKS = """
async def initialize(self, context):
    self.siblings = context.plugins
    self.seen = [context.plugins.get("base")]
async def start(self):
    self.seen.append(self.siblings.get("base"))
"""


async def test_a_staged_dependent_sees_the_staged_plugin_and_nobody_else_does(works: Works) -> None:
    works.write("base", "1")
    works.write("user", "1", LOOKS, says="dependencies=['base']")
    works.write("other", "1", "async def initialize(self, context): pass")
    await works.start()
    other, old = works.plugin("other"), works.plugin("base")
    works.write(
        "base",
        "2",
        """
async def start(self):
    witness.log.append(self.context.plugins.get("base") is self)
    witness.kept.append(self.context.plugins.get("other").context.plugins.get("base"))
""",
    )

    await works.reload("base", drained=True)

    new = works.plugin("base")
    assert new is not old
    assert works.plugin("user").seen == [new, new]
    assert works.log == [True]
    assert works.witness.kept == [old]
    assert other.context.plugins.get("base") is new


async def test_the_old_generation_goes_on_seeing_its_own(works: Works) -> None:
    works.write("base", "1")
    works.write(
        "user",
        "1",
        """
async def process_request(self, request, call_next):
    before = self.context.plugins.get("base")
    response = await call_next(request)
    witness.log.append(self.context.plugins.get("base") is before)
    return response
""",
        says="dependencies=['base']",
    )
    await works.start()
    chassis = works.chassis

    async with anyio.create_task_group() as group:
        group.start_soon(works.get, "/slow")
        await until(lambda: "slow" in works.log)
        works.write("base", "2")
        await works.reload("base")
        assert chassis.plugins.get("base") is works.unit("base").life.body.instance
        works.hold("slow").set()

    assert True in works.log
    assert False not in works.log


@pytest.mark.parametrize("how", ["def", "async def"])
async def test_what_a_plugin_exports_is_given_to_the_next_one_before_it_starts(
    works: Works, how: str
) -> None:
    keeps = f"""
count = 0
{how} export_state(self):
    return {{"count": self.count}}
{how} import_state(self, state):
    self.count = state["count"] + 1
async def initialize(self, context):
    witness.log.append(("initialize", self.count))
async def start(self):
    witness.log.append(("start", self.count))
"""
    works.write("keeper", "1", keeps)
    await works.start()
    works.log.clear()

    await works.reload("keeper")
    await works.reload("keeper")

    assert works.log == [("initialize", 0), ("start", 1), ("initialize", 0), ("start", 2)]


async def test_nothing_is_exported_for_who_takes_nothing_and_none_is_not_given(
    works: Works,
) -> None:
    works.write("a", "1", "def export_state(self): raise ValueError('asked in vain')")
    works.write("b", "1", "def import_state(self, state): raise ValueError('given in vain')")
    await works.start()

    assert not (await works.reload("a")).rolled_back
    assert not (await works.reload("b")).rolled_back


async def test_a_reload_changes_no_order_at_any_point(works: Works) -> None:
    for name in "cab":
        works.write(name, "1", "async def check_health(self): return True\n", says="provides=['x']")
    works.write("first", "1", "def get_middleware_priority(self): return 1")
    works.write("user", "1", says="dependencies=['b']")
    await works.start()
    order = works.order()
    assert order["middleware.process"] == ["first", "a", "b", "c", "user"]

    for name in ("b", "first", "c", "a", "b", "user"):
        works.write(
            name,
            "2",
            (works.folder / f"{name}.py").read_text().partition("\n\n    ")[0][:0]
            or ("def get_middleware_priority(self): return 1" if name == "first" else ""),
            says="dependencies=['b']" if name == "user" else "",
        )
        assert not (await works.reload(name)).rolled_back
        assert works.order() == order


async def test_watchers_and_the_journal_are_told_and_reloads_are_counted(works: Works) -> None:
    told: list[Moved] = []
    works.write("base", "1")
    works.write("user", "1", says="dependencies=['base']")
    works.write(
        "hears",
        "1",
        """
@hookimpl
async def plugin_reloaded(self, plugin_name, generation, drained):
    witness.log.append((plugin_name, generation, drained))
""",
        base="IPlugin",
    )
    await works.start()
    works.chassis.plugin_manager.subscribe(told.append)

    await works.reload("base", drained=True)

    assert [(m.name, m.before, m.after, m.reason) for m in told] == [
        ("base", State.STARTED, State.STARTED, "generation 2 serves"),
        ("user", State.STARTED, State.STARTED, "generation 2 serves"),
    ]
    assert works.log == [("base", 2, True), ("user", 2, True)]
    async with works.client() as client:
        text = (await client.get("/-/marty/metrics")).text
    assert 'marty_plugin_reloads_total{plugin="base"} 1.0' in text
    assert 'marty_plugin_info{generation="2",plugin="base"' in text


async def test_what_cannot_be_reloaded_is_an_error(works: Works) -> None:
    works.write("a", "1")
    await works.start()
    await works.chassis.plugin_manager.disable("a", force=True)

    with pytest.raises(UnknownPlugin):
        await works.reload("b")
    with pytest.raises(PluginDisabled):
        await works.reload("a")
