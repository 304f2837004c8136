"""Every hook specification says the same things in the same places, and its example runs."""

from __future__ import annotations

import doctest
import inspect

import pluggy
import pytest

import marty_hookspecs
from marty_hookspecs import PROJECT_NAME, ErrorPolicy, ExtensionPointType, hookimpl
from marty_hookspecs.contract import SUBJECTS, points

every_point = pytest.mark.parametrize(
    "point", [pytest.param(point, id=point.extension_point.name) for point in points()]
)


def manager() -> pluggy.PluginManager:
    made = pluggy.PluginManager(PROJECT_NAME)
    for subject in SUBJECTS:
        made.add_hookspecs(subject)
    return made


@every_point
def test_a_point_says_when_it_is_called_how_answers_combine_and_what_an_error_does(point) -> None:
    words = inspect.getdoc(point) or ""

    assert words.splitlines()[0].endswith(".")
    for field in (":called:", ":results:", ":errors:"):
        assert words.count(field) == 1
    assert words.index(":called:") < words.index(":results:") < words.index(":errors:")


@every_point
def test_the_example_of_a_point_is_a_plugin_that_pluggy_accepts(point) -> None:
    (example,) = doctest.DocTestFinder().find(point, point.__name__, globs={"hookimpl": hookimpl})
    ran = doctest.DocTestRunner().run(example, clear_globs=False)
    (plugin,) = [value for value in example.globs.values() if inspect.isclass(value)]

    plugins = manager()
    plugins.register(plugin())

    assert ran.attempted >= 1
    assert ran.failed == 0
    plugins.check_pending()
    assert len(getattr(plugins.hook, point.__name__).get_hookimpls()) == 1


@every_point
def test_a_point_is_named_after_its_hook_and_exported_by_the_door(point) -> None:
    spec = point.extension_point

    assert point.__name__ == spec.hook == spec.name.replace(".", "_")
    assert point.__name__ in marty_hookspecs.__all__


@every_point
def test_what_stands_in_the_way_of_a_request_has_no_deadline(point) -> None:
    spec = point.extension_point

    if spec.name.startswith(("middleware.", "web.")):
        assert spec.deadline is None
        assert spec.on_error is ErrorPolicy.RAISE
    if spec.type is ExtensionPointType.HOOK:
        assert spec.on_error is ErrorPolicy.REPORT


def test_every_specification_in_the_subjects_is_known_to_pluggy() -> None:
    known = {name for name in vars(manager().hook) if not name.startswith("_")}

    assert known == {point.__name__ for point in points()}
