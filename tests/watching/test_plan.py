"""What has changed on the disk to what is to be done: laws, and the cases that have names."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marty_chassis.plugins.watching.plan import Act, Known, Step, There, Tries, plan


def here(name: str, place: str = "", *, current: bool = True) -> Known:
    """A plugin that the service has, in a file of its name."""
    return Known(name, place or f"{name}.py", current)


def there(place: str, *names: str, digest: str = "1") -> There:
    """A file on the disk."""
    return There(place, names, digest, f"around {digest}")


def told(steps: list[Step]) -> list[str]:
    """Steps in words."""
    return [f"{step}{' for ' + ', '.join(step.coming) if step.coming else ''}" for step in steps]


def test_what_is_as_it_was_is_left_alone() -> None:
    assert plan([here("a"), here("b")], [there("b.py", "b"), there("a.py", "a")]) == []


def test_what_has_changed_is_reloaded_in_the_order_of_starting() -> None:
    known = [here("b", current=False), here("c"), here("a", current=False)]
    disk = [there("a.py", "a"), there("b.py", "b"), there("c.py", "c")]

    assert told(plan(known, disk)) == ["reload b at b.py", "reload a at a.py"]


def test_a_new_file_is_loaded_and_one_that_is_gone_unloaded() -> None:
    assert told(plan([here("a")], [there("b.py", "b")])) == ["load b at b.py", "unload a at a.py"]


def test_a_new_file_that_does_not_show_its_names_is_read() -> None:
    assert told(plan([], [there("b.py")])) == ["load whatever is at b.py"]


def test_a_renamed_file_takes_its_plugin_along() -> None:
    steps = plan([here("audit", "old.py")], [there("new.py", "audit", "more")])

    assert told(steps) == ["load more at new.py", "move audit at new.py"]


def test_a_plugin_that_went_into_another_file_is_reloaded_from_there() -> None:
    known = [here("a", "one.py", current=False), here("b", "two.py", current=False)]

    steps = plan(known, [there("one.py", "c"), there("two.py", "a", "b")])

    assert told(steps) == ["load c at one.py", "move a at two.py", "reload b at two.py"]


def test_a_new_file_with_a_name_that_is_taken_is_refused() -> None:
    steps = plan([here("a")], [there("a.py", "a"), there("b.py", "a", "b")])

    assert told(steps) == ["load b at b.py", "refuse a at b.py"]


def test_a_plugin_that_is_called_something_else_is_exchanged() -> None:
    steps = plan([here("old", "x.py", current=False)], [there("x.py", "new")])

    assert told(steps) == ["exchange old at x.py for new"]


def test_of_two_in_a_file_one_may_go_and_another_come() -> None:
    both = [here("a", "x.py", current=False), here("b", "x.py", current=False)]

    assert told(plan(both, [there("x.py", "a")])) == ["reload a at x.py", "exchange b at x.py"]
    assert told(plan(both[:1], [there("x.py", "a", "b")])) == ["load b at x.py", "reload a at x.py"]


def test_an_emptied_or_half_written_file_takes_nothing_away() -> None:
    known = [here("audit", "x.py", current=False), here("x")]
    unsure = [there("x.py"), there("x.py", "x")]

    for disk in unsure:
        assert told(plan(known[:1], [disk])) != ["unload audit at x.py"]
    assert told(plan(known, [there("x.py", "x")])) == ["exchange audit at x.py"]


def test_what_failed_is_tried_again_when_something_is_different() -> None:
    known, tries = [here("a", current=False)], Tries()
    (step,) = tries.due(plan(known, [there("a.py", "a")]))
    tries.note(step)

    assert tries.due(plan(known, [there("a.py", "a")])) == []
    assert told(tries.due(plan(known, [there("a.py", "a", digest="2")]))) == ["reload a at a.py"]
    assert told(tries.due(plan(known, []))) == ["unload a at a.py"]


def test_what_failed_and_was_taken_back_is_said_again_when_it_comes_again() -> None:
    broken, tries = plan([here("a", current=False)], [there("a.py", "a")]), Tries()
    tries.note(broken[0])

    assert tries.due(plan([here("a")], [there("a.py", "a")])) == []
    assert tries.due(broken) == broken


# A busy machine is slow, and that is no finding.
law = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = st.sampled_from("abcdef")
PLACES = st.sampled_from(["u.py", "v.py", "w.py", "pkg"])


@dataclass(frozen=True)
class World:
    """What the service has, and what is on the disk."""

    known: tuple[Known, ...]
    disk: tuple[There, ...]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    known = draw(
        st.lists(st.builds(Known, NAMES, PLACES, st.booleans()), unique_by=lambda one: one.name)
    )
    # No two places show one name: of two plugins of one name neither is found.
    free = draw(st.permutations("abcdef"))
    disk = []
    for place in draw(st.lists(PLACES, unique=True)):
        count = draw(st.integers(0, 2))
        names, free = tuple(free[:count]), free[count:]
        digest = draw(st.sampled_from("123"))
        disk.append(There(place, names, digest, f"around {digest}"))
    return World(tuple(known), tuple(disk))


def done(world: World, steps: list[Step]) -> World:
    """The world when every step has succeeded."""
    known = {one.name: one for one in world.known}
    for step in steps:
        for name in () if step.act is Act.REFUSE else step.names:
            if step.act in (Act.EXCHANGE, Act.UNLOAD):
                del known[name]
            else:
                known[name] = Known(name, step.place, True)
        for name in step.coming:
            known[name] = Known(name, step.place, True)
        if step.act is Act.LOAD and not step.names:
            name = f"found in {step.place}"
            known[name] = Known(name, step.place, True)
    return replace(world, known=tuple(known.values()))


@law
@given(worlds())
def test_when_all_is_done_there_is_nothing_more_to_do(world: World) -> None:
    once = done(world, plan(world.known, world.disk))

    assert [step for step in plan(once.known, once.disk) if step.act is not Act.REFUSE] == []


@law
@given(worlds())
def test_what_could_not_be_done_is_not_tried_twice(world: World) -> None:
    tries = Tries()
    for step in tries.due(plan(world.known, world.disk)):
        tries.note(step)

    assert tries.due(plan(world.known, world.disk)) == []


@law
@given(worlds(), st.data())
def test_the_order_of_the_disk_makes_no_difference(world: World, data: st.DataObject) -> None:
    mixed = data.draw(st.permutations(world.disk))

    assert plan(world.known, mixed) == plan(world.known, world.disk)


@law
@given(worlds())
def test_each_plugin_is_in_one_step_at_most(world: World) -> None:
    steps = plan(world.known, world.disk)
    names = [
        name for step in steps if step.act is not Act.REFUSE for name in (*step.names, *step.coming)
    ]

    assert len(names) == len(set(names))


@law
@given(worlds())
def test_what_is_current_and_still_there_is_never_touched(world: World) -> None:
    places = {one.place for one in world.disk}
    unchanged = {one.name for one in world.known if one.current and one.place in places}

    for step in plan(world.known, world.disk):
        assert unchanged.isdisjoint(step.names) or step.act is Act.REFUSE


@pytest.mark.parametrize("act", Act)
def test_a_step_says_what_it_is(act: Act) -> None:
    assert str(Step(act, "x.py", ("a",), "1")) == f"{act.value} a at x.py"
