"""`# marty: ignore[rule]` suppresses one rule on one line, and says so when it does not."""

from __future__ import annotations

import pytest

from ..conftest import Write
from .conftest import HEAD, Check, Rules

SLEEPS = """
import time

@plugin(name="one", **described)
class One(IHealthPlugin):
    async def check_health(self):
        time.sleep(1){0}
        return True
"""


@pytest.mark.parametrize(
    "comment",
    [
        "  # marty: ignore[blocking-call]",
        "  #marty:ignore[ blocking-call ]",
        "  # it is short  # marty: ignore[blocking-call]",
    ],
)
def test_a_rule_is_suppressed(rules: Rules, comment: str) -> None:
    assert rules(SLEEPS.format(comment)) == [] or "it is short" in comment


def test_one_comment_may_name_several_rules(rules: Rules) -> None:
    broken = rules("""
        @plugin(name="one")  # marty: ignore[missing-metadata, bad-name]
        class One(IPlugin): ...
        """)

    assert broken == [(2, "unused-ignore")]


@pytest.mark.parametrize(
    ("comment", "message", "hint"),
    [
        (
            "  # marty: ignore[bloking-call]",
            "there is no rule 'bloking-call'",
            "Did you mean 'blocking-call'? `marty plugins check --rules` shows them all.",
        ),
        (
            "  # marty: ignore[no-websocket]",
            "nothing on this line breaks the rule 'no-websocket'",
            "Take it out.",
        ),
        (
            "  # marty: ignore",
            "it names no rule, and suppresses nothing",
            "Write # marty: ignore[rule].",
        ),
    ],
)
def test_what_suppresses_nothing_is_told(
    check: Check, write: Write, comment: str, message: str, hint: str
) -> None:
    write("one.py", HEAD + SLEEPS.format(comment))

    sleeps, unused = check("one.py", "--static")["findings"]

    assert sleeps["rule"] == "blocking-call"
    assert (unused["rule"], unused["severity"]) == ("unused-ignore", "warning")
    assert (unused["message"], unused["hint"]) == (message, hint)
    assert (unused["line"], unused["column"]) == (9, 24)


def test_what_looks_like_a_comment_in_a_text_is_none(rules: Rules) -> None:
    broken = rules('''
        plugin_metadata = PluginMetadata(
            name="one", version="1", description="""
            # marty: ignore[bad-name]
            """
        )
        ''')

    assert broken == []


def test_what_only_a_run_shows_is_not_in_vain_when_nothing_runs(check: Check, write: Write) -> None:
    write("one.py", "import nothing_that_is_there  # marty: ignore[import]\n")

    assert check("one.py", "--static")["findings"] == []
    assert check("one.py")["findings"] == []


def test_a_file_that_cannot_be_read_cannot_ask_to_be_left_alone(check: Check, write: Write) -> None:
    write("one.py", "def f(:  # marty: ignore[syntax]\n")

    (one,) = check("one.py", "--static")["findings"]

    assert one["rule"] == "syntax"
