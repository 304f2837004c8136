"""Files that cannot be used: what served serves on, the log says why, the next good save is taken."""

from __future__ import annotations

import pytest

from marty_chassis.plugins.watching.bell import Bell

from .house import House, source


async def test_a_syntax_error_is_one_line_and_the_next_good_save_is_taken(house: House) -> None:
    file = house.plugin("x")

    async with house:
        file.write_text(source("x", 2) + "    def (\n")
        await house.until(lambda: house.said("serves on"))
        assert house.word("x") == 1
        (line,) = [line for line in house.lines if "serves on" in line]
        assert line.count("\n") == 1
        assert f"generation 1 serves on, the reload is undone: {file}:7: SyntaxError:" in line

        house.plugin("x", 3)
        await house.says("x", 3)


async def test_a_half_written_file_is_taken_when_it_is_whole(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marty_chassis.plugins.watching.watching.Bell", Bell)
    file = house.plugin("audit", file="x")
    text = source("audit", 2)

    async with house:
        for part in ("", text[: len(text) // 2]):
            before = len(house.lines)
            file.write_text(part)
            await house.more_lines(before)
            assert house.word("audit") == 1
            assert house.names() == ["audit"]
        file.write_text(text)
        await house.says("audit", 2)

        assert house.names() == ["audit"]


async def test_what_failed_is_not_tried_again_until_something_is_different(house: House) -> None:
    house.plugin("x")

    async with house:
        broken = house.write("plugins/x.py", "raise ValueError('no')\n")
        await house.until(lambda: house.said("serves on"))
        broken.touch()
        house.write("plugins/notes.txt", "nothing")
        house.write("plugins/x.py", broken.read_text())
        house.plugin("y")
        await house.says("y", 1)
        await house.is_quiet()

        assert len([line for line in house.lines if "serves on" in line]) == 1
        assert house.word("x") == 1


async def test_what_a_broken_import_needs_may_be_mended_in_another_file(house: House) -> None:
    house.plugin("x")

    async with house:
        house.write("plugins/_shared.py", "word = (")
        house.write(
            "plugins/x.py",
            "from ._shared import word\n" + source("x").replace("= 1", "= word"),
        )
        await house.until(lambda: house.said("serves on", "_shared.py:1: SyntaxError"))

        house.write("plugins/_shared.py", "word = 7")
        await house.says("x", 7)


async def test_what_a_broken_import_needs_may_be_mended_in_another_plugin(house: House) -> None:
    house.plugin("x")
    house.plugin("other", "mended")

    async with house:
        text = "from .other import Plugin as Other\n" + source("x").replace("= 1", "= Other.more")
        house.write("plugins/x.py", text)
        await house.until(lambda: house.said("serves on", "AttributeError"))

        house.write("plugins/other.py", source("other") + "    more = 7\n")
        await house.says("x", 7)


async def test_a_plugin_that_was_broken_from_the_start_starts_when_it_is_mended(
    house: House,
) -> None:
    house.write("plugins/x.py", "from ._shared import word\n" + source("x", 1))

    async with house:
        await house.is_quiet()
        assert house.status("x").state.value == "error"
        assert not house.said("still not started")

        house.write("plugins/_shared.py", "word = 7")
        await house.says("x", 1)


async def test_a_new_file_that_is_broken_is_seen_and_starts_when_it_is_mended(house: House) -> None:
    async with house:
        file = house.write("plugins/x.py", "")
        await house.until(lambda: house.said("plugins/x.py: there is no plugin in it"))
        file.write_text(source("x") + "    boom(\n")
        await house.until(lambda: house.said("loaded and not started", f"{file}:7: SyntaxError"))
        file.write_text(source("audit", 2))
        await house.says("audit", 2)

        assert house.names() == ["audit"]


async def test_an_exchange_that_cannot_be_used_changes_nothing(house: House) -> None:
    file = house.plugin("old", file="x")

    async with house:
        file.write_text(source("new") + "raise ValueError('not yet')\n")
        await house.until(lambda: house.said("old", "serves on", "ValueError: not yet"))
        assert house.word("old") == 1

        house.plugin("new", 2, file="x")
        await house.says("new", 2)
        assert house.names() == ["new"]


async def test_a_new_file_with_a_name_that_is_taken_is_refused(house: House) -> None:
    house.plugin("x")

    async with house:
        other = house.plugin("x", 2, file="y")
        await house.until(lambda: house.said("plugins/y.py has a plugin of this name too"))
        assert house.word("x") == 1

        other.unlink()
        (house.root / "plugins/x.py").unlink()
        await house.until(lambda: house.names() == [])


@pytest.mark.parametrize("renamed", [False, True])
async def test_a_required_plugin_serves_on_without_its_file(house: House, renamed: bool) -> None:
    house.configure({"required": ["x"]})
    file = house.plugin("x")

    async with house:
        if renamed:
            house.plugin("new", file="x")
            await house.until(lambda: house.said("plugins/x.py holds it no more, it serves on"))
        else:
            file.unlink()
            await house.until(lambda: house.said("plugins/x.py is gone, it serves on"))
        await house.is_quiet()
        assert house.word("x") == 1
        assert len([line for line in house.lines if "it serves on" in line]) == 1

        house.plugin("x", 2)
        await house.says("x", 2)
        assert house.names() == ["x"]


async def test_a_plugin_that_fails_to_start_leaves_the_old_one(house: House) -> None:
    file = house.plugin("x")

    async with house:
        file.write_text(
            source("x", 2) + "    async def start(self):\n        raise OSError('no')\n"
        )
        await house.until(lambda: house.said("serves on", "OSError"))
        assert house.word("x") == 1

        file.write_text(source("x", 1))
        await house.is_quiet()
        assert house.generations() == {"x": 1}


async def test_what_is_disabled_by_the_operator_stays_so_and_comes_back_as_it_is_then(
    house: House,
) -> None:
    house.plugin("x")

    async with house:
        await house.chassis.plugin_manager.disable("x")
        house.plugin("x", 2)
        await house.is_quiet()
        assert house.status("x").state.value == "disabled"

        await house.chassis.plugin_manager.enable("x")
        await house.says("x", 2)


async def test_without_new_code_the_log_says_that_a_restart_is_needed(house: House) -> None:
    house.configure({"reload": {"watch": True, "code": False}})
    house.plugin("x")

    async with house:
        house.plugin("x", 2)
        await house.until(lambda: house.said("plugins/x.py has changed", "restart the process"))
        await house.until(lambda: house.word("x") == 1)

        assert house.generations() == {"x": 1}
