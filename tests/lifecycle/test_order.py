"""The order of starting respects every dependency; what cannot be met is named."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marty_chassis.errors import InvalidRequirement
from marty_chassis.lifecycle import Order, ordered
from marty_hookspecs import PluginMetadata

NAMES = [f"p{number}" for number in range(7)]


def plugins(**needs: list[str] | PluginMetadata) -> dict[str, PluginMetadata]:
    return {
        name: said
        if isinstance(said, PluginMetadata)
        else PluginMetadata(name, dependencies=tuple(said))
        for name, said in needs.items()
    }


@st.composite
def forests(draw: st.DrawFn, *, cycles: bool) -> dict[str, PluginMetadata]:
    """Plugins that need others, some of which are not there."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    found: dict[str, PluginMetadata] = {}
    for index, name in enumerate(names):
        others = [n for n in NAMES if n not in names] + (names if cycles else names[:index])
        pick = st.lists(st.sampled_from(others), unique=True, max_size=3)
        some = pick if others else st.just([])
        found[name] = PluginMetadata(
            name,
            dependencies=tuple(draw(some)),
            optional_dependencies=tuple(draw(some)),
        )
    return found


def levels(order: Order) -> dict[str, int]:
    return {name: depth for depth, level in enumerate(order.levels) for name in level}


@given(forests(cycles=False))
def test_every_order_respects_every_dependency(found: dict[str, PluginMetadata]) -> None:
    order = ordered(found)

    depth = levels(order)
    assert sorted(depth) == sorted(found)
    for name, metadata in found.items():
        for other in {*metadata.dependencies, *metadata.optional_dependencies} & found.keys():
            assert depth[other] < depth[name]


@given(forests(cycles=True))
def test_every_cycle_is_found_and_drawn_and_nobody_else_is_in_it(
    found: dict[str, PluginMetadata],
) -> None:
    order = ordered(found)

    for name, cycle in order.cycles.items():
        path = cycle.path
        assert name in path
        assert path[0] == path[-1]
        for one, needed in pairwise(path):
            assert needed in found[one].dependencies
    assert sorted([*levels(order), *order.cycles]) == sorted(found)
    assert set(order.sequence) == set(found)


def test_a_cycle_is_drawn_with_its_path() -> None:
    order = ordered(plugins(a=["b"], b=["c"], c=["a"], d=["a"]))

    assert order.cycles.keys() == {"a", "b", "c"}
    assert str(order.cycles["b"]) == (
        "plugins wait for each other:\n"
        "      a\n"
        "  └─> b\n"
        "  └─> c\n"
        "  └─> a\n"
        "Remove one of these dependencies."
    )


def test_plugins_that_need_nothing_of_each_other_start_together() -> None:
    order = ordered(plugins(web=["auth", "metrics"], auth=[], metrics=[], ui=["web"]))

    assert order.levels == (("auth", "metrics"), ("web",), ("ui",))
    assert repr(order) == "<Order auth metrics | web | ui>"


def test_names_fold_and_versions_count() -> None:
    auth = PluginMetadata("jwt-authentication", version="1.4")
    found = {
        "jwt-authentication": auth,
        "old": PluginMetadata("old", dependencies=("JWT_Authentication<1.2",)),
        "new": PluginMetadata("new", dependencies=("jwt.authentication>=1.2,<2",)),
    }

    order = ordered(found)

    assert order.needs["new"][0].met_by == ("jwt-authentication",)
    assert order.needs["old"][0].met_by == ()
    assert str(order.needs["old"][0]) == (
        "'JWT_Authentication<1.2', but finds jwt-authentication 1.4"
    )


def test_a_version_that_is_none_fits_only_who_does_not_ask() -> None:
    found = {
        "dev": PluginMetadata("dev", version="from-main"),
        "picky": PluginMetadata("picky", dependencies=("dev>=1",)),
        "easy": PluginMetadata("easy", dependencies=("dev",)),
    }

    order = ordered(found)

    assert order.needs["picky"][0].met_by == ()
    assert order.needs["easy"][0].met_by == ("dev",)


def test_a_capability_is_met_by_whoever_provides_it() -> None:
    found = {
        "prometheus": PluginMetadata("prometheus", provides=("metrics-collector",)),
        "statsd": PluginMetadata("statsd", version="3.0", provides=("metrics-collector",)),
        "user": PluginMetadata("user", dependencies=("metrics_collector>=3",)),
        "provider": PluginMetadata("provider", provides=("x",), dependencies=("x",)),
    }

    order = ordered(found)

    assert order.needs["user"][0].met_by == ("statsd",)
    assert order.before("user") == {"statsd"}
    assert order.after("statsd") == {"user"}
    assert order.needs["provider"][0].met_by == ()


def test_an_optional_dependency_that_would_close_a_cycle_is_given_up() -> None:
    found = {
        "a": PluginMetadata("a", dependencies=("b",)),
        "b": PluginMetadata("b", optional_dependencies=("a", "c")),
        "c": PluginMetadata("c"),
    }

    order = ordered(found)

    assert order.levels == (("c",), ("b",), ("a",))
    assert not order.cycles


@pytest.mark.parametrize(
    "written",
    ["", "a b", "auth >", "auth[extra]", "auth; python_version > '3'", "auth @ https://x"],
)
def test_a_dependency_that_cannot_be_read_is_refused(written: str) -> None:
    with pytest.raises(InvalidRequirement, match="cannot be read"):
        ordered(plugins(one=[written]))
