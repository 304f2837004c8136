"""Every block of the README and of docs/ does what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

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
