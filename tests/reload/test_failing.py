"""A reload that fails at any step: what served before serves on, whole, and the answer says why."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from marty_chassis.lifecycle import Reloaded, State
from marty_hookspecs import PluginMetadata

from .works import Works, plugin_file, until

TALKS = """
async def stop(self):
    witness.log.append(("stop", NAME, WORD))
"""

FAILING: dict[str, tuple[str | bytes, str]] = {
    "compile": ("class (", "x.py:1: SyntaxError: invalid syntax"),
    "half written": (plugin_file("x", "new")[:-60] + "\n    def f(self", "SyntaxError"),
    "not text": (b"\xff\xfe\x00\x01", "SyntaxError: not UTF-8"),
    "import": (plugin_file("x", "new") + "\nraise RuntimeError('no')", "RuntimeError: no"),
    "missing module": ("import nothing_of_this_name", "No module named 'nothing_of_this_name'"),
    "exit": (plugin_file("x", "new") + "\nraise SystemExit(1)", "must not end the service"),
    "no plugin": ("x = 1", "holds no plugin, and 'x' no more"),
    "another name": (plugin_file("y", "new"), "holds 'y', and 'x' no more"),
    "metadata": (plugin_file("x", "new", says="reload='perhaps'"), "reload is 'perhaps'"),
    "contract": (
        plugin_file("x", "new", says="contract='>=99'"),
        "works with marty_hookspecs >=99",
    ),
    "missing dependency": (
        plugin_file("x", "new", says="dependencies=['nobody']"),
        "needs 'nobody', which no plugin here is or provides",
    ),
    "stopped dependency": (
        plugin_file("x", "new", says="dependencies=['idle']"),
        "needs 'idle', which is stopped",
    ),
    "cycle": (
        plugin_file("x", "new", says="dependencies=['user']"),
        "plugins wait for each other: user -> x -> user",
    ),
    "unreadable dependency": (
        plugin_file("x", "new", says="dependencies=['???']"),
        "dependencies names '???'",
    ),
    "version for a dependent": (
        plugin_file("x", "new").replace("version='1.0'", "version='2.0'"),
        "plugin 'user', which is replaced with it, needs 'x<2', but finds x 2.0",
    ),
    "configuration": (
        plugin_file("x", "new", says="config_schema=Model").replace(
            "NAME, WORD",
            "from pydantic import BaseModel\nclass Model(BaseModel):\n    key: int\n\nNAME, WORD",
            1,
        ),
        "configure failed",
    ),
    "construct": (
        plugin_file("x", "new", "def __init__(self): raise ValueError('constructed')"),
        "construct failed: ValueError: constructed",
    ),
    "initialize": (
        plugin_file("x", "new", "async def initialize(self, context): raise ValueError('i')"),
        "initialize failed: ValueError: i",
    ),
    "initialize hangs": (
        plugin_file("x", "new", "async def initialize(self, context): await anyio.sleep(60)"),
        "initialize failed: DeadlineExceeded",
    ),
    "not ready": (
        plugin_file(
            "x", "new", "async def initialize(self, context): raise PluginNotReady('soon')"
        ),
        "not ready: soon",
    ),
    "unknown hook": (
        plugin_file("x", "new", "@hookimpl\nasync def midleware_process(self, request): ..."),
        "initialize failed: plugin 'x' implements the hook 'midleware_process'",
    ),
    "import_state": (
        plugin_file("x", "new", "def import_state(self, state): raise ValueError('taken')"),
        "import_state failed: ValueError: taken",
    ),
    "import_state hangs": (
        plugin_file("x", "new", "async def import_state(self, state): await anyio.sleep(60)"),
        "import_state failed: DeadlineExceeded",
    ),
    "start": (
        plugin_file("x", "new", "async def start(self): raise ValueError('s')"),
        "start failed: ValueError: s",
    ),
    "start is interrupted": (
        plugin_file("x", "new", "async def start(self): raise KeyboardInterrupt"),
        "start failed: KeyboardInterrupt",
    ),
    "staging": (
        plugin_file("x", "new", "@hookimpl\ndef web_routes(self): return [1]"),
        "start failed: plugin 'x' answered 'web.routes' with",
    ),
    "a task dies": (
        plugin_file(
            "x",
            "new",
            """
async def start(self):
    async def die(): raise ValueError('in the background')
    self.context.tasks.start(die)
    await anyio.sleep(0.02)
""",
        ),
        "run die failed: ValueError: in the background",
    ),
    "swap": (
        plugin_file(
            "x",
            "new",
            """
async def start(self):
    self.context.extension_points.register_extension_point(
        ExtensionPoint(name="his.point", type=ExtensionPointType.FILTER, parameters=["other"])
    )
""",
        ),
        "ExtensionPointClash",
    ),
}


async def service(works: Works) -> None:
    works.write("x", "old", TALKS + "\ndef export_state(self): return 1")
    works.write("user", "1", TALKS, says="dependencies=['x<2']")
    works.write("idle", "1", base="IPlugin")
    works.write(
        "his",
        "1",
        """
async def initialize(self, context):
    context.extension_points.register_extension_point(
        ExtensionPoint(name="his.point", type=ExtensionPointType.FILTER, parameters=["value"])
    )
""",
        base="IPlugin",
    )
    await works.start()
    await works.chassis.plugin_manager.stop("idle")


@pytest.mark.parametrize("step", FAILING)
async def test_whatever_fails_before_the_swap_changes_nothing(
    works: Works, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    text, why = FAILING[step]
    monkeypatch.setattr("marty_chassis.web.chassis.ask_for_shutdown", lambda: None)
    await service(works)
    order, modules = works.order(), works.modules("x")
    pending = works.chassis.pending()
    (works.folder / "x.py").write_bytes(text if isinstance(text, bytes) else text.encode())

    reloaded = await works.reload("x")

    assert reloaded.rolled_back
    assert why in reloaded.reason
    assert "\n" not in reloaded.reason
    assert not reloaded.code_reloaded
    assert (reloaded.generation, reloaded.cascade, reloaded.draining) == (1, (), 0)
    works.assert_whole(x="old", user="1")
    assert await works.stamps() == {"x": "old", "user": "1"}
    assert works.order() == order
    assert works.modules("x") == modules
    assert works.chassis.pending() == pending
    assert ("stop", "x", "old") not in works.log
    assert not works.chassis.plugin_manager.missing_required()
    assert works.states["x"] is State.STARTED

    works.write("x", "mended", TALKS)
    assert not (await works.reload("x", drained=True)).rolled_back
    works.assert_whole(x="mended", user="1")
    assert await works.stamps() == {"x": "mended", "user": "1"}
    assert works.log.count(("stop", "x", "old")) == 1


BAD_EXPORTS = {
    "raises": ("def export_state(self): raise ValueError('kept')", "ValueError: kept"),
    "hangs": ("async def export_state(self): await anyio.sleep(60)", "DeadlineExceeded"),
    "exits": ("def export_state(self): raise SystemExit", "SystemExit"),
}


@pytest.mark.parametrize("how", BAD_EXPORTS)
async def test_a_generation_that_cannot_export_serves_on(works: Works, how: str) -> None:
    body, why = BAD_EXPORTS[how]
    works.write("x", "old", f"{body}\n{TALKS}")
    await works.start()
    works.write("x", "new", f"def import_state(self, state): ...\n{TALKS}")

    reloaded = await works.reload("x")

    assert reloaded.rolled_back
    assert reloaded.reason.startswith("export_state failed")
    assert why in reloaded.reason
    works.assert_whole(x="old")
    assert works.log == [("stop", "x", "new")]
    assert await works.stamps() == {"x": "old"}
    works.write("x", "newer", TALKS)
    assert not (await works.reload("x")).rolled_back


async def test_a_dependent_that_fails_takes_all_of_it_back_in_reverse(works: Works) -> None:
    fails_again = """
async def start(self):
    witness.log.append(("start", NAME, WORD))
    if "armed" in witness.events:
        raise ValueError("with the new one")
async def stop(self):
    witness.log.append(("stop", NAME, WORD))
"""
    works.write("base", "old", TALKS)
    works.write("middle", "1", TALKS, says="dependencies=['base']")
    works.write("top", "1", fails_again, says="dependencies=['middle']")
    await works.start()
    works.log.clear()
    works.witness.events["armed"] = True
    works.write("base", "new", TALKS)

    reloaded = await works.reload("base")

    assert reloaded.reason.startswith(
        "plugin 'top', which is replaced with it: start failed: ValueError: with the new one"
    )
    assert works.log == [
        ("start", "top", "1"),
        ("stop", "top", "1"),
        ("stop", "middle", "1"),
        ("stop", "base", "new"),
    ]
    works.assert_whole(base="old", middle="1", top="1")
    assert works.order()["middleware.process"] == ["base", "middle", "top"]


async def test_staged_code_that_will_not_leave_is_left_behind_and_the_old_one_serves(
    works: Works, short_grace: None
) -> None:
    works.write("x", "old")
    await works.start()
    works.write(
        "x",
        "new",
        """
async def start(self):
    with anyio.CancelScope(shield=True):
        while "free" not in witness.events:
            try:
                await anyio.sleep(0.005)
            except BaseException:
                pass
""",
    )

    with anyio.fail_after(2):
        reloaded = await works.reload("x")

    assert "quarantined" in reloaded.reason or "still runs" in reloaded.reason
    works.assert_whole(x="old")
    strays = works.chassis.plugin_manager.failures.strays
    assert strays.names() == ("plugin x",)
    works.write("x", "newer")
    assert not (await works.reload("x")).rolled_back
    works.witness.events["free"] = True
    await until(lambda: not strays)


async def test_a_caller_who_leaves_changes_nothing(works: Works) -> None:
    works.write("x", "old", TALKS)
    await works.start()
    works.write("x", "new", "async def start(self): await anyio.sleep(0.05)")

    with anyio.move_on_after(0.01) as scope:
        await works.reload("x")

    assert scope.cancelled_caught
    await until(lambda: works.unit("x").busy is None)
    works.assert_whole(x="new")
    assert await works.stamps() == {"x": "new"}


async def test_a_transaction_that_is_cancelled_leaves_no_half_behind(works: Works) -> None:
    works.write("base", "old", TALKS)
    works.write("user", "1", TALKS, says="dependencies=['base']")
    await works.start()
    works.witness.events["wait"] = anyio.Event()
    works.write(
        "base",
        "new",
        """
async def start(self):
    witness.log.append("starts")
    await witness.events["wait"].wait()
async def stop(self):
    witness.log.append(("stop", NAME, WORD))
""",
    )
    async with anyio.create_task_group() as group:
        failed: list[BaseException] = []

        async def ask() -> None:
            try:
                await works.reload("base")
            except Exception as error:
                failed.append(error)

        group.start_soon(ask)
        await until(lambda: "starts" in works.log)
        works.unit("base").busy.cancel()

    assert [type(error).__name__ for error in failed] == ["TaskCancelled"]
    works.assert_whole(base="old", user="1")
    assert works.log == ["starts", ("stop", "base", "new")]
    works.write("base", "newer")
    assert not (await works.reload("base")).rolled_back


async def test_a_mistake_of_ours_is_no_half_either(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.write("x", "old", TALKS)
    await works.start()
    works.write("x", "new", TALKS)

    def publish(*contributions: Any, withdraw: Any = ()) -> Any:
        raise RuntimeError("a mistake")

    with monkeypatch.context() as patch:
        patch.setattr(works.chassis.plugin_manager, "publish", publish)
        reloaded = await works.reload("x")

    assert "RuntimeError: a mistake" in reloaded.reason
    works.assert_whole(x="old")
    assert await works.stamps() == {"x": "old"}
    assert works.log[0] == ("stop", "x", "new")


async def test_what_others_do_meanwhile_is_looked_at_again_before_the_swap(works: Works) -> None:
    works.write("a", "1")
    works.write("needed", "1")
    works.witness.events["gate"] = anyio.Event()
    await works.start()
    slow = "async def start(self):\n    witness.log.append('starts')\n    await witness.events['gate'].wait()"
    works.write("a", "2", slow, says="dependencies=['needed']")
    found: list[Reloaded] = []

    async def reload() -> None:
        found.append(await works.reload("a"))

    async with anyio.create_task_group() as group:
        group.start_soon(reload)
        await until(lambda: "starts" in works.log)
        await works.chassis.plugin_manager.stop("needed", force=True)
        works.witness.events["gate"].set()

    assert "needs 'needed', which is stopped" in found[0].reason
    works.assert_whole(a="1")


async def test_a_plugin_that_says_late_what_it_needs_is_refused_in_time(works: Works) -> None:
    needs: list[str] = []

    class Made:
        @property
        def plugin_metadata(self) -> PluginMetadata:
            return PluginMetadata("made", dependencies=tuple(needs))

    def made() -> Made:
        return Made()

    await works.start(made)
    before = works.plugin("made")
    for wrong, why in (("nobody", "needs 'nobody'"), ("???", "cannot be read")):
        needs[:] = [wrong]

        reloaded = await works.reload("made")

        assert reloaded.rolled_back
        assert why in reloaded.reason
        assert works.plugin("made") is before


async def test_who_asks_to_unload_may_leave_too(works: Works) -> None:
    works.write("a", "1", "async def stop(self): await anyio.sleep(0.05)")
    await works.start()

    with anyio.move_on_after(0.01):
        await works.chassis.plugin_manager.unload("a", force=True)

    await until(lambda: works.states == {})
    assert not works.modules("a")
