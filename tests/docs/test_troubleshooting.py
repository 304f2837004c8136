"""The table of troubleshooting: each command is run below it, with a broken plugin behind it."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from .page import ROOT, Page, read
from .test_links import leads_somewhere, target

PAGE = read(ROOT / "docs" / "troubleshooting.md")
ROWS = re.findall(r"^\| \[(.+?)\]\((\S+?)\) \| `(.+?)` \| (.+?) \|$", PAGE.text, re.MULTILINE)


def test_every_row_is_read() -> None:
    rows = [line for line in PAGE.text.splitlines() if line.startswith("| [")]

    assert len(ROWS) == len(rows) > 10


@pytest.mark.parametrize(("symptom", "link", "command", "says"), ROWS)
def test_a_command_is_run_where_the_row_leads_and_says_so(
    symptom: str, link: str, command: str, says: str
) -> None:
    assert leads_somewhere(PAGE, link)
    page = read(ROOT / target(PAGE, link))

    assert any(says in output for output in outputs(page, command)), symptom


def outputs(page: Page, command: str) -> list[str]:
    """What the page shows behind each run of a command."""
    found: list[str] = []
    for scene in page.scenes:
        for block, behind in pairwise(scene):
            if block.language == "sh" and command in block.code.splitlines():
                found.append(behind.code)
    return found
