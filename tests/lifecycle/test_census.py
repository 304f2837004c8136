"""Which part of a source is the plugin's, which line of it does a thing, and what is compared."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import anyio
import anyio.lowlevel
import pytest

from marty_chassis.lifecycle.census import Difference, Place, Source, Sources, compare, take
from marty_chassis.lifecycle.census.difference import Identity

A_TEST = dedent("""\
    import json as j
    import os
    from logging import getLogger

    LOG = getLogger("audit")
    OTHER = 1

    class Base:
        def begin(self):
            helper()

    def helper():
        deeper()

    def deeper(): ...

    def not_the_plugins():
        os.environ["NOT"] = "1"

    @decorated
    class Audit(Base):
        def start(self):
            LOG.info("starts")
            os.environ["MINE"] = "1"
            j.dumps = None

    def test_it():
        class Local:
            def start(self):
                near()
        def near(): ...
        def far(): ...
""")


def line(words: str) -> int:
    return next(n for n, text in enumerate(A_TEST.splitlines(), 1) if words in text)


@pytest.mark.parametrize("words", ["def start(self):", "@decorated", "class Audit"])
def test_of_a_file_that_holds_more_the_class_and_what_it_refers_to_is_the_plugins(
    words: str,
) -> None:
    source = Source("tests/test_audit.py", A_TEST, within=line(words))

    for own in ("LOG = ", "class Base", "def helper", "def deeper", "class Audit", "j.dumps"):
        assert source.has(line(own)), own
    for other in ("OTHER", "def not_the_plugins", "def test_it", "def far"):
        assert not source.has(line(other)), other


def test_of_a_class_in_a_function_what_stands_beside_it_is_visible() -> None:
    source = Source("tests/test_audit.py", A_TEST, within=line("class Local"))

    assert source.has(line("def near"))
    assert not source.has(line("def far"))
    assert not source.has(line("class Audit"))


def test_names_are_what_they_were_imported_as() -> None:
    source = Source("audit.py", A_TEST)

    assert [(store.base, store.name) for store in source.stores] == [
        ("os.environ", "NOT"),
        ("os.environ", "MINE"),
        ("json", "dumps"),
    ]
    assert "logging.getLogger" in [call.name for call in source.calls]


def test_a_source_that_cannot_be_read_holds_nothing() -> None:
    assert Source("broken.py", "def (").calls == ()
    assert Sources([Source("broken.py", "a\0b")]).call(["addHandler"]) is None


def test_a_class_of_a_package_brings_the_modules_that_it_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from marty_chassis.discovery.given import given
    from marty_chassis.lifecycle.census import sources_of

    package = tmp_path / "census_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "deep.py").write_text("def deep(): ...\n")
    (package / "near.py").write_text("from . import deep\n\ndef run():\n    deep.deep()\n")
    (package / "unused.py").write_text("")
    (package / "audit.py").write_text(
        "from . import unused\nfrom .near import run\n\n"
        "class Audit:\n    plugin_metadata = None\n    def start(self):\n        run()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)

    from census_package.audit import Audit  # type: ignore[import-not-found]

    (place,) = given([Audit])
    (candidate,) = place.read(None)  # type: ignore[arg-type]
    files = {Path(file.path).name for file in sources_of(candidate).files}
    for name in [name for name in sys.modules if name.startswith("census_package")]:
        del sys.modules[name]

    assert files == {"audit.py", "near.py", "deep.py", "__init__.py"}


def test_a_place_is_shown_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = Place(str(tmp_path / "plugins" / "audit.py"), 14, "run")
    difference = Difference("thread", "1", "thread 'poller' is still running", place, "End it.")

    assert str(difference) == "thread 'poller' is still running: plugins/audit.py:14 run(). End it."
    assert str(Place("/elsewhere/audit.py", 3)) == "/elsewhere/audit.py:3"


def test_another_object_at_the_same_address_is_another() -> None:
    class Thing: ...

    thing = Thing()
    first = Identity(thing)
    assert first == Identity(thing)
    assert hash(first) == hash(Identity(thing))

    another = Thing()
    second = Identity(another)
    second._address = first._address  # as when Python uses the memory again
    del thing

    assert second != first
    assert hash(second) == hash(first)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module whose file is a plugin's, imported by hand."""
    path = tmp_path / "census_own.py"
    path.write_text(
        "import asyncio, json\n\n"
        "def replace():\n    json.dumps = changed\n\n"
        "def changed(value): ...\n\n"
        "def handle(): ...\n"
        "def on_signal():\n"
        "    asyncio.get_running_loop().add_signal_handler(12, handle)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(json, "dumps", json.dumps)
    import census_own  # type: ignore[import-not-found]

    yield census_own
    del sys.modules["census_own"]


def test_nothing_is_different_where_nothing_has_been_done(own: ModuleType) -> None:
    sources = Sources([Source(str(own.__file__), Path(str(own.__file__)).read_text())])

    assert compare(take(), sources) == ()


def test_only_the_given_sources_are_blamed(own: ModuleType) -> None:
    path = str(own.__file__)
    sources = Sources([Source(path, Path(path).read_text())])
    before = take()

    own.replace()

    (difference,) = compare(before, sources)
    assert (difference.kind, difference.what) == ("patch", "json.dumps was replaced")
    assert difference.where == Place(path, 6, "changed")
    assert difference.where.module == "census_own"
    assert compare(before, Sources()) == ()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # trio has no handlers of its own
async def test_what_a_loop_calls_for_a_signal_is_found(own: ModuleType) -> None:
    path = str(own.__file__)
    sources = Sources([Source(path, Path(path).read_text())])
    before = take()

    own.on_signal()
    (difference,) = compare(before, sources)
    asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR2)

    assert difference.key == "SIGUSR2"
    assert difference.where == Place(path, 8, "handle")
    assert compare(before, sources) == ()


async def test_tasks_of_a_group_are_not_loose() -> None:
    from marty_chassis.boundary.backend import loose_tasks

    ends = anyio.Event()
    async with anyio.create_task_group() as tasks:
        before = loose_tasks()
        tasks.start_soon(ends.wait, name="in a group")
        await anyio.lowlevel.checkpoint()

        assert "in a group" not in [task.name for task in loose_tasks()]
        assert set(loose_tasks()) == set(before)
        ends.set()


def test_outside_of_an_event_loop_there_are_none() -> None:
    from marty_chassis.boundary.backend import loose_tasks, signal_callback

    assert loose_tasks() == []
    assert signal_callback(signal.SIGTERM) is None
