"""Sixty reloads under load: nothing fails, nothing is mixed; and what would be is found."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from .command import ROOT, benchmark

pytestmark = pytest.mark.slow


def test_reloads_under_load_cost_no_request() -> None:
    printed = benchmark("reload_under_load", "--reloads", "60", "--every", "0.05")

    assert "; 60 reloads, " in printed
    assert " dependents with them, 6 broken files" in printed


def test_a_request_without_a_whole_answer_is_found(judged: Any) -> None:
    found = judged(rows=[row(failed="answered 503")])

    assert found.counts["failed"] == 1
    assert "answered 503" in found.examples[0]


def test_a_request_of_two_generations_is_found(judged: Any, load: Any) -> None:
    served, unfit = load.judged(
        [("x-front", "7.a"), ("x-front-found", "8.b"), ("x-guard", "7.c"), ("x-shop", "3.d")]
    )

    assert served["guard"] == 7
    assert "'front': ['7.a', '8.b']" in unfit
    assert "'wrapped': []" in unfit
    assert judged(rows=[row(unfit=unfit)]).counts["mixed"] == 1


def test_plugins_that_were_never_current_together_are_found(judged: Any) -> None:
    replies: Any = [
        ("front", 1, None, 0.0, 1.0, 200, {}),
        ("shop", 2, None, 1.0, 2.0, 200, {}),
    ]
    rows = [row(0.5), row(0.5, front=1), row(1.5, front=1, shop=2), row(0.5, shop=2)]

    found = judged(rows=rows, replies=replies)

    assert found.counts["mixed"] == 1
    assert found.counts["stale"] == 0


def test_an_answer_of_an_earlier_generation_is_stale_after_the_reply_only(judged: Any) -> None:
    reply: Any = ("front", 5, None, 9.0, 10.0, 200, {})

    found = judged(rows=[row(began=9.9, front=4), row(began=10.1, front=4)], replies=[reply])

    assert found.counts["stale"] == 1
    assert "from 10.100" in found.stale[0]


def test_a_generation_of_a_broken_file_may_not_serve(judged: Any) -> None:
    reply: Any = ("front", 5, "syntax error", 9.0, 10.0, 422, {"rolled_back": True})

    found = judged(rows=[row(front=5)], replies=[reply])

    assert found.counts["unsound"] == 1
    assert found.counts["misreported"] == 0


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ([["made", "front", "1.a", 0, 0, 1.0], ["stopped", "front", "1.a", 0, 3, 2.0]], 0),
        ([["made", "front", "1.a", 0, 0, 1.0]], 1),
        ([["made", "front", "1.a", 0, 0, 1.0], *[["stopped", "front", "1.a", 0, 3, 2.0]] * 2], 1),
        ([["made", "front", "1.a", 0, 0, 1.0], ["stopped", "front", "1.a", 2, 3, 2.0]], 1),
        (
            [
                ["made", "front", "1.a", 0, 0, 1.0],
                ["stopped", "front", "1.a", 0, 3, 2.0],
                ["entered late", "front", "1.a", 0, 3, 3.0],
            ],
            1,
        ),
    ],
    ids=["once, when empty", "never", "twice", "while requests are inside", "before the last"],
)
def test_a_run_is_stopped_once_and_last(judged: Any, lines: list[Any], number: int) -> None:
    found = judged(log=lines)

    assert found.counts["stopped_wrongly"] == number


def test_a_reply_that_is_wrong_about_the_reload_is_found(judged: Any) -> None:
    replies = [
        ("front", 1, None, 0.0, 1.0, 422, {"rolled_back": True}),
        ("front", 2, "start raises", 1.0, 2.0, 200, {"rolled_back": False}),
    ]

    assert judged(replies=replies).counts["misreported"] == 2


def row(
    began: float = 1.0, *, failed: str = "", unfit: str = "", **served: int
) -> tuple[str, float, float, dict[str, int], str, str]:
    generations = {"front": 0, "guard": 0, "shop": 0, "wrapped": 0, **served}
    return ("/", began, began + 0.1, generations, failed, unfit)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT)])
    from benchmarks.reload_under_load import load

    return load


@pytest.fixture
def judged(load: Any, tmp_path: Path) -> Any:
    from benchmarks.reload_under_load.reloading import Reply
    from benchmarks.reload_under_load.verdict import verdict

    def judge(rows: Any = (), replies: Any = (), log: Any = ()) -> Any:
        file = tmp_path / "log.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in log))
        return verdict(list(rows), [Reply(*one) for one in replies], file)

    return judge
