"""What can be swapped and what cannot: files, packages, installed distributions, arguments."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from marty_chassis.plugins import IMiddlewarePlugin, plugin

from .works import Works, plugin_file


async def test_without_new_code_the_same_code_gets_a_new_instance(works: Works) -> None:
    works.write("a", "1")
    await works.start(plugins={"reload": {"code": False}})
    before, kind = works.plugin("a"), type(works.plugin("a"))

    same = await works.reload("a", drained=True)
    works.write("a", "2")
    changed = await works.reload("a", drained=True)

    assert not same.rolled_back
    assert (same.code_reloaded, same.require_restart, same.reason) == (False, False, "")
    assert (changed.code_reloaded, changed.require_restart) == (False, True)
    assert "restart the process" in changed.reason
    assert changed.sha256 == same.sha256
    assert type(works.plugin("a")) is kind
    assert works.plugin("a") is not before
    assert await works.stamps() == {"a": "1"}
    assert len(works.modules("a")) == 1
    assert changed.generation == 3


async def test_an_installed_plugin_is_made_anew_and_says_when_it_changed(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = works.root / "site"
    info = site / "shop-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[marty.plugins]\nshop = shop_plugin:Plugin\n")
    module = site / "shop_plugin.py"
    module.write_text(plugin_file("shop", "1"))
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delenv("MARTY_DISABLE_PLUGIN_AUTOLOAD", raising=False)
    await works.start(plugins={"entry_points": "all", "disabled": []})
    before = works.plugin("shop")

    same = await works.reload("shop")
    module.write_text(plugin_file("shop", "2"))
    changed = await works.reload("shop")

    assert (same.rolled_back, same.code_reloaded, same.require_restart) == (False, False, False)
    assert (changed.code_reloaded, changed.require_restart) == (False, True)
    assert works.plugin("shop") is not before
    assert (await works.stamps())["shop"] == "1"
    assert sys.modules.pop("shop_plugin").WORD == "1"


async def test_a_class_that_was_given_is_made_anew(works: Works) -> None:
    @plugin(name="given")
    class Given(IMiddlewarePlugin):
        async def process_request(self, request: Any, call_next: Any) -> Any:
            return await call_next(request)

    await works.start(Given)
    before = works.plugin("given")

    reloaded = await works.reload("given")

    assert not reloaded.rolled_back
    assert works.plugin("given") is not before
    assert (reloaded.code_reloaded, reloaded.require_restart, reloaded.sha256) == (
        False,
        False,
        None,
    )


async def test_two_plugins_of_one_file_are_reloaded_one_by_one(works: Works) -> None:
    two = "\n\nclass Other:\n    pass\n"

    def both(word: str) -> str:
        second = "@plugin(name='two')\nclass Second(IMiddlewarePlugin):\n    WORD = WORD\n"
        return plugin_file("one", word) + two + second

    works.write_text("both", both("1"))
    await works.start()
    works.write_text("both", both("2"))

    await works.reload("one", drained=True)
    assert (works.plugin("two").WORD, await works.stamps()) == ("1", {"one": "2"})
    assert len(works.modules("both")) == 2
    await works.reload("two", drained=True)

    assert works.plugin("two").WORD == "2"
    assert len(works.modules("both")) == 2  # Each was read by itself.
    await works.chassis.plugin_manager.unload("one", force=True)
    assert len(works.modules("both")) == 1


async def test_what_lies_beside_a_package_is_read_anew_with_it(works: Works) -> None:
    package = works.folder / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "words.py").write_text("WORD = '1'")
    main = plugin_file("shop", "?").replace(
        "NAME, WORD = 'shop', '?'", "from .words import WORD\nNAME = 'shop'"
    )
    (package / "main.py").write_text(main)
    await works.start()
    assert await works.stamps() == {"shop": "1"}
    (package / "words.py").write_text("WORD = '2'")

    assert not (await works.reload("shop")).rolled_back
    assert await works.stamps() == {"shop": "2"}
    (package / "words.py").write_text("WORD = (")
    reloaded = await works.reload("shop")

    assert reloaded.rolled_back
    assert "words.py:1" in reloaded.reason
    assert await works.stamps() == {"shop": "2"}


async def test_a_bare_module_with_hooks_is_swapped_too(works: Works) -> None:
    def bare(word: str) -> str:
        return f"""
from marty_hookspecs import hookimpl
@hookimpl
async def middleware_post_response(response, request):
    response.headers.append("x-stamp", "bare={word}")
"""

    works.write_text("bare", bare("1"))
    await works.start()
    works.write_text("bare", bare("2"))

    reloaded = await works.reload("bare")

    assert reloaded.code_reloaded
    assert await works.stamps() == {"bare": "2"}


async def test_an_edit_of_the_same_size_within_the_same_second_is_seen(works: Works) -> None:
    path: Path = works.write("a", "1")
    await works.start()
    for word in "23456":
        works.write("a", word)
        assert path.stat().st_size
        await works.reload("a")
        assert await works.stamps() == {"a": word}
