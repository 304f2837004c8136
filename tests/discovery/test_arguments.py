"""Plugins that the service's own code hands over."""

from __future__ import annotations

import functools
import types

import pytest

from marty_chassis.discovery import reread
from marty_chassis.errors import NotAPlugin
from marty_hookspecs import PluginMetadata, hookimpl

from .project import Project


class AuditLog:
    @hookimpl
    def health_check(self): ...


class Named:
    plugin_metadata = PluginMetadata("my-name", version="2")


class Special(Named):
    """Says nothing itself."""


def make_plugin() -> Named:
    return Named()


def test_classes_instances_factories_and_modules(project: Project) -> None:
    module = types.ModuleType("my_project.audit")
    module.health_check = hookimpl(lambda: None)  # type: ignore[attr-defined]
    module.Inside = type("Inside", (), {"plugin_metadata": PluginMetadata("inside")})  # type: ignore[attr-defined]
    module.Inside.__module__ = "my_project.audit"

    instance = AuditLog()
    found = project.discover(Named, instance, make_plugin, module)

    assert [(one.name, one.shape, one.source.place) for one in found.usable] == [
        ("my-name", "class", "tests.discovery.test_arguments.Named"),
        ("audit-log", "instance", "tests.discovery.test_arguments.AuditLog"),
        ("make-plugin", "factory", "tests.discovery.test_arguments.make_plugin"),
        ("audit", "module", "my_project.audit"),
        ("inside", "class", "my_project.audit.Inside"),
    ]
    assert found.candidates[1].target is instance
    assert str(found.candidates[0].source) == "argument tests.discovery.test_arguments.Named"


def test_a_subclass_that_somebody_names_is_the_plugin_it_derives_from(project: Project) -> None:
    (candidate,) = project.discover(Special).candidates

    assert (candidate.name, candidate.target) == ("my-name", Special)


def test_a_partial_is_a_factory(project: Project) -> None:
    (candidate,) = project.discover(functools.partial(make_plugin)).candidates

    assert (candidate.name, candidate.shape) == ("partial", "factory")


@pytest.mark.parametrize("what", [5, "plugins.audit", None, object()])
def test_what_is_no_plugin_is_an_error_at_once(project: Project, what: object) -> None:
    with pytest.raises(NotAPlugin) as caught:
        project.discover(what)

    assert caught.value.kind == type(what).__name__
    assert str(caught.value) == (
        f"an object of type {type(what).__name__!r} was given as a plugin. Give a class, an"
        " instance, a function that makes one, a module with hookimpls, or the path of a file"
        " that holds one."
    )


def test_a_wrong_name_is_a_problem_like_any_other(project: Project) -> None:
    class Wrong:
        plugin_metadata = PluginMetadata("events")

    (candidate,) = project.discover(Wrong).candidates

    assert candidate.target is None
    assert candidate.problem.startswith("argument tests.discovery.test_arguments.test_a_wrong")


def test_an_argument_that_is_disabled_does_not_start(project: Project) -> None:
    project.plugins["disabled"] = ["my-name"]

    found = project.discover(Named)

    assert found.candidates == ()
    assert [one.name for one in found.disabled] == ["my-name"]


def test_nothing_can_be_read_again(project: Project) -> None:
    (candidate,) = project.discover(Named).candidates

    fresh = reread(candidate, project.faults)

    assert fresh.target is candidate.target is Named
    assert candidate.place is not None
    assert candidate.place.expected() == ("my-name",)
