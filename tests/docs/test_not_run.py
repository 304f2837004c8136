"""What is not run, and why: this list is to stay short."""

from __future__ import annotations

from .page import pages

NOT_RUN = {
    "README.md": 1,
}
"""How many blocks of each page."""


def test_blocks_that_are_not_run_say_why_and_are_few() -> None:
    found = [block for page in pages() for block in page.blocks if "not run" in block.marks]

    assert [str(block) for block in found if not block.marks["not run"]] == []
    assert {page: sum(b.page == page for b in found) for page in {b.page for b in found}} == NOT_RUN
