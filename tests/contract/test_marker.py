"""`@hookimpl`, and pluggy's own marker beside it."""

from __future__ import annotations

import warnings
from typing import Any

import pluggy
import pytest

from marty_hookspecs import ErrorPolicy, ExtensionPointType, extension_point, hookimpl


def options(function) -> dict[str, Any]:
    found: dict[str, Any] = function.marty_impl
    return found


def test_a_bare_mark_has_defaults() -> None:
    @hookimpl
    def health_check(): ...

    assert options(health_check) == {
        "priority": None,
        "blocking": False,
        "wrapper": False,
        "hookwrapper": False,
        "optionalhook": False,
        "tryfirst": False,
        "trylast": False,
        "specname": None,
    }


def test_a_mark_carries_priority_blocking_and_a_dotted_specname() -> None:
    @hookimpl(priority=7, blocking=True, specname="health.check")
    def anything(): ...

    assert options(anything)["priority"] == 7
    assert options(anything)["blocking"] is True
    assert options(anything)["specname"] == "health_check"


def test_pluggys_own_marker_marks_the_same_attribute() -> None:
    @pluggy.HookimplMarker("marty")
    def health_check(): ...

    assert options(health_check)["tryfirst"] is False


def test_a_specification_with_another_name_than_its_point_is_refused() -> None:
    with pytest.raises(ValueError, match="pluggy needs it to be 'a_point'"):

        @extension_point("a.point", type=ExtensionPointType.HOOK, on_error=ErrorPolicy.REPORT)
        async def another() -> None: ...


def test_implementing_what_is_deprecated_warns_and_names_the_way_out() -> None:
    class Specs:
        @staticmethod
        @extension_point(
            "old.point",
            type=ExtensionPointType.HOOK,
            on_error=ErrorPolicy.REPORT,
            deprecated="use new.point",
        )
        async def old_point() -> None: ...

        @staticmethod
        @extension_point(
            "new.point",
            type=ExtensionPointType.HOOK,
            on_error=ErrorPolicy.REPORT,
            deprecated_arguments={"gone": "use here"},
        )
        async def new_point(here: int, gone: int) -> None: ...

    manager = pluggy.PluginManager("marty")
    manager.add_hookspecs(Specs)

    class Plugin:
        @hookimpl
        def old_point(self): ...

        @hookimpl
        def new_point(self, gone): ...

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        manager.register(Plugin())

    assert sorted(str(warning.message) for warning in caught) == [
        "new.point(gone) is deprecated: use here",
        "old.point is deprecated: use new.point",
    ]
