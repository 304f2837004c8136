"""Every block of the README and of docs/ does what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from marty_chassis.cli.checking.static import look
from marty_chassis.cli.checking.targets import of_word
from marty_chassis.cli.checking.unit import Unit

from .page import ROOT, Block, Page, pages
from .scene import Scene

pytest_plugins = ["pytester"]

PAGES = pages()
SCENES = [(page, scene) for page in PAGES if not page.run_by for scene in page.scenes]


@pytest.mark.parametrize(("page", "scene"), SCENES, ids=[str(scene[0]) for _, scene in SCENES])
def test_what_stands_below_a_heading_runs(
    page: Page, scene: tuple[Block, ...], tmp_path: Path, pytester: pytest.Pytester
) -> None:
    Scene(tmp_path, pytester).play(scene)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_whoever_runs_a_block_instead_is_there(page: Page) -> None:
    runners = {page.run_by, *(block.marks.get("run by", "") for block in page.blocks)} - {""}

    assert [name for name in runners if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_plugins_on_a_page_pass_the_check_that_it_recommends(page: Page, tmp_path: Path) -> None:
    errors: list[str] = []
    for block in page.blocks:
        if block.language == "python" and not block.marks.keys() & {"broken", "fails"}:
            path = tmp_path / str(block.line) / "snippet.py"
            path.parent.mkdir()
            path.write_text(block.code, encoding="utf-8")
            units = [one for one in of_word(str(path)) if isinstance(one, Unit)]
            found = look(units).findings
            errors += [f"{block}: {one.message}" for one in found if one.severity == "error"]

    # The page about the check shows what it finds.
    assert bool(errors) == (page.name == "docs/check.md"), errors
