"""Links between pages lead somewhere; nothing is asked of the network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .page import ROOT, Page, pages, read

PAGES = pages()


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(page: Page) -> None:
    broken = [link for link in page.links if not leads_somewhere(page, link)]

    assert broken == []


def test_every_page_can_be_reached_from_the_index() -> None:
    by_name = {page.name: page for page in PAGES}
    reached: set[str] = set()
    todo = ["docs/index.md"]
    while todo:
        name = todo.pop()
        if name not in reached and name in by_name:
            reached.add(name)
            todo += [target(by_name[name], link) for link in by_name[name].links]

    assert {name for name in by_name if name.startswith("docs/")} <= reached


def leads_somewhere(page: Page, link: str) -> bool:
    if "://" in link:
        return link.startswith("https://")
    path = ROOT / target(page, link)
    _, _, anchor = link.partition("#")
    if not path.exists():
        return False
    return not anchor or anchor in read(path).anchors


def target(page: Page, link: str) -> str:
    """The file, from the root of the project."""
    where = link.partition("#")[0]
    if not where:
        return page.name
    return os.path.normpath(Path(page.name).parent / where)
