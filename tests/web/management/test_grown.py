"""What only grows never shrinks: not in one process, and not in the sum of several."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from marty_chassis.web.management.families import Family, Sample, counter, gauge
from marty_chassis.web.management.grown import Grown, summed
from marty_chassis.web.management.together import Note


def jobs(value: float, **labels: str) -> Family:
    return counter("jobs_total", "Jobs.", [Sample(labels, value)])


def waits(count: int, total: float, *bounds: str) -> Family:
    samples = [Sample({"le": bound}, count, "_bucket") for bound in (*bounds, "+Inf")]
    return Family(
        "wait_seconds",
        "histogram",
        "Waiting.",
        (*samples, Sample({}, count, "_count"), Sample({}, total, "_sum")),
    )


def values(families: list[Family]) -> dict[str, float]:
    """Each figure by its name and labels."""
    return {
        " ".join([f"{one.name}{s.suffix}", *sorted(s.labels.values())]): s.value
        for one in families
        for s in one.samples
    }


def test_what_begins_anew_goes_on() -> None:
    grown = Grown()

    seen = [values(grown.take([jobs(value)]))["jobs_total"] for value in (3, 5, 0, 2, 1)]

    assert seen == [3, 5, 5, 7, 8]
    assert repr(grown) == "<Grown: jobs_total>"


def test_what_is_not_there_for_a_moment_is_not_forgotten() -> None:
    grown = Grown()
    grown.take([jobs(3, kind="a"), gauge("tables", "Tables.", [Sample({}, 4)])])

    assert values(grown.take([jobs(1, kind="b")])) == {"jobs_total a": 3, "jobs_total b": 1}
    assert values(grown.take([])) == {"jobs_total a": 3, "jobs_total b": 1}
    assert values(grown.take([jobs(2, kind="a")]))["jobs_total a"] == 5


def test_a_histogram_begins_anew_as_a_whole() -> None:
    grown = Grown()
    grown.take([waits(3, 9.0, "1.0")])

    found = values(grown.take([waits(1, 10.0, "1.0")]))

    assert found == {
        "wait_seconds_bucket 1.0": 4,
        "wait_seconds_bucket +Inf": 4,
        "wait_seconds_count": 4,
        "wait_seconds_sum": 19,
    }


def test_a_sum_may_shrink_by_itself() -> None:
    grown = Grown()
    grown.take([waits(3, 9.0)])

    assert values(grown.take([waits(4, 1.0)]))["wait_seconds_sum"] == 1.0


def test_with_other_buckets_it_is_another_histogram() -> None:
    grown = Grown()
    grown.take([waits(3, 9.0, "1.0")])

    assert values(grown.take([waits(1, 2.0, "5.0")]))["wait_seconds_count"] == 1


def test_where_types_or_buckets_differ_the_last_one_counts() -> None:
    as_gauge = gauge("jobs_total", "Jobs.", [Sample({}, 4)])

    found = values(summed([waits(3, 9.0, "1.0"), as_gauge, waits(1, 2.0, "5.0"), jobs(2)]))

    assert found["wait_seconds_count"] == 1
    assert "wait_seconds_bucket 1.0" not in found
    assert found["jobs_total"] == 2


def test_quantiles_are_not_added() -> None:
    sizes = Family(
        "size_bytes", "summary", "", (Sample({"quantile": "0.5"}, 4), Sample({}, 8, "_sum"))
    )

    assert values(summed([sizes, sizes])) == {"size_bytes_sum": 16}


@given(st.lists(st.integers(min_value=0, max_value=100)))
def test_nothing_ever_shrinks_and_nothing_is_counted_twice(increments: list[int]) -> None:
    """0 stands for a new beginning; every other number is counted."""
    grown, inside, seen = Grown(), 0, [0.0]

    for increment in increments:
        inside = inside + increment if increment else 0
        seen += values(grown.take([jobs(inside)])).values()

    assert seen == sorted(seen)
    assert seen[-1] == sum(increments)


@given(st.lists(st.lists(st.integers(min_value=0, max_value=9), min_size=1), min_size=1))
def test_a_sum_is_the_same_however_the_dead_are_added_up(workers: list[list[int]]) -> None:
    notes = [[jobs(value) for value in worker] for worker in workers]

    at_once = summed(one for worker in notes for one in worker)
    by_and_by = summed([*summed(notes[0]), *(one for worker in notes[1:] for one in worker)])

    assert values(at_once) == values(by_and_by)


def test_a_note_says_what_was_written_and_nonsense_is_an_empty_one() -> None:
    note = Note(frozenset({"jobs_total"}), [jobs(3, kind="a")], [gauge("x", "", [Sample({}, 1.5)])])

    assert Note.read(note.written()) == note
    for nonsense in (b"", b"{}", b"[1, 2, 3]", b'[[], [["a"]], []]', b"\xff"):
        assert Note.read(nonsense) == Note(frozenset(), [], [])
