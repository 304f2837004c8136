"""The order of calling is total, and the same whenever a handler was registered."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from marty_chassis.hooks import HookManager, Registrations, Standing

HOOK = "metrics_collect"

plugin = st.tuples(
    st.integers(-2, 2),
    st.sampled_from([{}, {"tryfirst": True}, {"trylast": True}]),
    st.integers(0, 2),
)


def order(
    made: list[tuple[int, tuple[int, dict[str, bool], int]]], *, again: int | None = None
) -> list[str]:
    manager = HookManager()
    everyone = {}
    for number, (priority, turn, depth) in made:
        everyone[number] = Registrations(manager, f"p{number}", Standing(depth=depth))
        everyone[number].add_handler(HOOK, lambda: None, {"priority": priority, **turn})
        everyone[number].publish()
    if again is not None:
        everyone[again].withdraw()
        everyone[again].publish()
    return [handler.plugin for handler in manager.current.handlers(HOOK)]


@given(st.lists(plugin, min_size=1, max_size=5), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_does_not_depend_on_registration(plugins, random) -> None:
    made = list(enumerate(plugins))
    shuffled = list(made)
    random.shuffle(shuffled)

    assert order(made) == order(shuffled)
    assert order(made) == order(made, again=random.choice(made)[0])


def test_first_by_turn_then_priority_then_depth_then_name() -> None:
    plugins = [
        (0, (5, {"trylast": True}, 0)),
        (1, (9, {}, 0)),
        (2, (1, {}, 0)),
        (3, (1, {}, 2)),
        (4, (50, {"tryfirst": True}, 0)),
        (5, (1, {}, 2)),
    ]

    for shuffled in list(permutations(plugins))[::97]:
        assert order(list(shuffled)) == ["p4", "p3", "p5", "p2", "p1", "p0"]


def test_handlers_of_one_plugin_keep_their_order() -> None:
    manager = HookManager()
    registrations = Registrations(manager, "one")
    for word in "abc":
        registrations.add_handler(HOOK, lambda: None, facts={"word": word})
    registrations.publish()

    assert [h.options["word"] for h in manager.current.handlers(HOOK)] == ["a", "b", "c"]


def test_the_operators_priority_replaces_the_plugins_own() -> None:
    manager = HookManager()
    for name, standing in [("eager", Standing(priority=200)), ("plain", Standing())]:
        registrations = Registrations(manager, name, standing)
        registrations.add_handler(HOOK, lambda: None, {"priority": 1, "tryfirst": name == "eager"})
        registrations.publish()

    assert [h.plugin for h in manager.current.handlers(HOOK)] == ["plain", "eager"]
    assert [h.reason for h in manager.current.handlers(HOOK)] == ["priority 1", "priority 200"]
