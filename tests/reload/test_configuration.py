"""A reload by hand reads the operator's file again: new sections count, bad ones change nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .works import Works, plugin_file

SAYS = "config_schema=Section"
SECTION = "class Section(BaseModel):\n    word: int\n\n"
BODY = """
async def initialize(self, context):
    witness.log.append((NAME, context.plugin_config.word))
"""


def furnish(works: Works) -> None:
    for name in ("a", "b"):
        text = plugin_file(name, "1", BODY, says=SAYS)
        text = text.replace("@plugin", f"from pydantic import BaseModel\n\n{SECTION}@plugin", 1)
        (works.folder / f"{name}.py").write_text(text)


def configure(works: Works, **sections: Any) -> Path:
    file = works.root / "config.yaml"
    file.write_text(json.dumps({"plugins": sections}, indent=1))
    return file


def words(works: Works) -> list[tuple[str, int]]:
    return [one for one in works.log if len(one) == 2]


async def test_a_plugin_gets_its_new_section_and_others_keep_theirs(works: Works) -> None:
    furnish(works)
    await works.start(file=configure(works, a={"word": 1}, b={"word": 1}))

    configure(works, a={"word": 2}, b={"word": 2})
    reloaded = await works.reload("a", drained=True)

    assert not reloaded.rolled_back
    assert sorted(words(works)) == [("a", 1), ("a", 2), ("b", 1)]


async def test_a_section_that_its_model_refuses_leaves_all_as_it_was(works: Works) -> None:
    furnish(works)
    await works.start(file=configure(works, a={"word": 1}, b={"word": 1}))
    before = works.chassis.config

    configure(works, a={"word": "many"}, b={"word": 1})
    refused = await works.reload("a")
    kept = works.chassis.config is before
    configure(works, a={"word": 3}, b={"word": 1})
    reloaded = await works.reload("a")

    assert refused.rolled_back
    assert "config.yaml:4:12 plugins.a.word: Input should be a valid integer" in refused.reason
    assert kept
    assert (refused.generation, reloaded.generation) == (1, 2)
    assert ("a", 3) in words(works)


async def test_a_file_that_cannot_be_used_refuses_the_reload_and_says_where(works: Works) -> None:
    furnish(works)
    await works.start(file=configure(works, a={"word": 1}, b={"word": 1}))

    (works.root / "config.yaml").write_text("plugins: [")
    refused = await works.reload("a")

    assert refused.rolled_back
    assert "config.yaml:1:11" in refused.reason
    assert "\n" not in refused.reason
    assert await works.stamps() == {"a": "1", "b": "1"}
