"""What pages hold that is made of the code is as the code has it now."""

from __future__ import annotations

import pytest

from .pages import MADE, written


@pytest.mark.parametrize(("page", "mark"), MADE, ids=" ".join)
def test_the_page_has_what_the_code_says(page: str, mark: str) -> None:
    assert written(page, mark) == MADE[page, mark](), "run: python -m tests.docs.pages"
