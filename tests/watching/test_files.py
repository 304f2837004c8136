"""Files change on the disk, in all the ways in which they do, and the service follows."""

from __future__ import annotations

import os

from .house import House, source


async def test_a_changed_file_is_a_new_generation(house: House) -> None:
    house.plugin("audit")
    house.plugin("other")

    async with house:
        house.plugin("audit", 2)
        await house.says("audit", 2)

        assert house.generations() == {"audit": 2, "other": 1}


async def test_a_file_that_comes_is_a_plugin_and_one_that_goes_is_none(house: House) -> None:
    async with house:
        house.plugin("late")
        await house.says("late", 1)

        (house.root / "plugins/late.py").unlink()
        await house.until(lambda: house.names() == [])

        assert house.said("late", "loaded from plugins/late.py")
        await house.until(lambda: house.said("late", "unloaded, plugins/late.py is gone"))


async def test_a_package_comes_changes_deep_inside_and_goes(house: House) -> None:
    async with house:
        house.write("plugins/pkg/deep/__init__.py", "word = 1")
        text = "from .deep import word\n" + source("pkg").replace("= 1", "= word")
        house.write("plugins/pkg/__init__.py", text)
        await house.says("pkg", 1)

        house.write("plugins/pkg/deep/__init__.py", "word = 2")
        await house.says("pkg", 2)

        (house.root / "plugins/pkg").rename(house.root / "elsewhere")
        await house.until(lambda: house.names() == [])


async def test_a_renamed_file_takes_its_plugin_along_without_a_gap(house: House) -> None:
    file = house.plugin("audit", file="old")

    async with house:
        states: list[str] = []
        house.chassis.plugin_manager.subscribe(lambda moved: states.append(moved.after.value))
        file.rename(house.root / "plugins/new.py")
        await house.until(lambda: "plugins/new.py" in house.status("audit").source)

        assert house.status("audit").generation == 2
        assert set(states) == {"started"}


async def test_a_plugin_that_is_called_something_else_is_exchanged(house: House) -> None:
    house.plugin("old", file="x")

    async with house:
        house.plugin("new", 5, file="x")
        await house.says("new", 5)

        assert house.names() == ["new"]


async def test_a_plugin_that_is_put_into_a_file_beside_another(house: House) -> None:
    file = house.plugin("first", file="x")

    async with house:
        more = source("second").replace("class Plugin", "class Second")
        file.write_text(source("first", 2) + more)
        await house.says("second", 1)
        await house.says("first", 2)

        file.write_text(source("first", 3))
        await house.says("first", 3)
        await house.until(lambda: house.names() == ["first"])


async def test_editors_save_in_their_own_ways(house: House) -> None:
    file = house.plugin("x")
    backup, swap, tmp = (file.with_name(name) for name in ("x.py~", ".x.py.swp", "x.py.tmp"))

    async with house:
        # vim: a swap file, a probe, a backup by renaming, a new file, the backup gone
        swap.write_bytes(b"vim")
        file.with_name("4913").touch()
        file.with_name("4913").unlink()
        file.rename(backup)
        house.plugin("x", 2)
        backup.unlink()
        swap.unlink()
        await house.says("x", 2)

        # others: a new file that is put into the place of the old one
        tmp.write_text(source("x", 3))
        tmp.replace(file)
        await house.says("x", 3)
        await house.is_quiet()

        assert house.status("x").generation == 3
        assert not house.said("x ", "unloaded")


async def test_the_links_of_a_mounted_configmap_are_swapped(house: House) -> None:
    folder = house.root / "plugins"
    house.write("plugins/..2026_1/x.py", source("x"))
    (folder / "..data").symlink_to("..2026_1")
    (folder / "x.py").symlink_to("..data/x.py")

    async with house:
        house.write("plugins/..2026_2/x.py", source("x", 2))
        (folder / "..data_tmp").symlink_to("..2026_2")
        (folder / "..data_tmp").rename(folder / "..data")
        (folder / "..2026_1/x.py").unlink()
        (folder / "..2026_1").rmdir()
        await house.says("x", 2)

        assert house.generations() == {"x": 2}


async def test_a_storm_of_files_is_one_pass(house: House) -> None:
    house.write("plugins/_shared.py", "word = 0")
    text = "from ._shared import word\n" + source("x").replace("= 1", "= word")
    house.write("plugins/x.py", text)

    async with house:
        for number in range(200):
            house.write(f"plugins/_part_{number}.py", f"number = {number}")
            house.write("plugins/_shared.py", f"word = {number}")
        await house.says("x", 199)
        await house.is_quiet()

        assert house.generations()["x"] <= 3


async def test_what_a_plugin_imports_from_beside_it_is_a_part_of_it(house: House) -> None:
    house.write("plugins/_shared.py", "word = 1")
    text = "from ._shared import word\n" + source("one").replace("= 1", "= word")
    house.write("plugins/one.py", text)
    late = source("late").replace("word = 1", "word = property(lambda self: self.read())")
    late += "    def read(self):\n        from ._shared import word\n        return word\n"
    house.write("plugins/late.py", late)
    house.plugin("two")

    async with house:
        assert house.word("late") == 1
        house.write("plugins/_shared.py", "word = 2")
        await house.says("one", 2)
        await house.says("late", 2)

        assert house.generations() == {"late": 2, "one": 2, "two": 1}


async def test_touching_and_what_is_no_source_does_nothing(house: House) -> None:
    file = house.plugin("x")
    house.write("plugins/pkg/__init__.py", source("pkg"))

    async with house:
        os.utime(file)
        file.chmod(0o600)
        file.write_text(file.read_text())
        house.write("plugins/__pycache__/x.cpython-313.pyc", "0")
        house.write("plugins/pkg/__pycache__/__init__.cpython-313.pyc", "0")
        for name in ("x.py~", ".x.py.swp", "#x.py#", ".#x.py", "x.py.bak", "x.py___jb_tmp___"):
            house.write(f"plugins/{name}", source("backup"))
        house.write("plugins/data.json", "{}")
        await house.is_quiet()

        assert house.generations() == {"pkg": 1, "x": 1}


async def test_a_folder_that_comes_later_and_one_that_is_put_in_place_of_another(
    house: House,
) -> None:
    house.configure({"directories": ["plugins", "more/plugins"]})
    house.write("staged/x.py", source("x", "staged"))

    async with house:
        house.write("more/plugins/x.py", source("x", "late"))
        await house.says("x", "late")

        (house.root / "more/plugins").rename(house.root / "more/old")
        (house.root / "staged").rename(house.root / "more/plugins")
        await house.says("x", "staged")
        house.write("more/plugins/x.py", source("x", "again"))
        await house.says("x", "again")


async def test_a_martyconf_comes_changes_and_goes(house: House) -> None:
    hook = "from marty_hookspecs import hookimpl\n@hookimpl\ndef health_check():\n    return {}\n"

    async with house:
        file = house.write("martyconf.py", hook)
        await house.until(lambda: "martyconf" in house.names() and house.started("martyconf"))

        file.write_text(hook + "more = 1\n")
        await house.until(lambda: house.status("martyconf").generation == 2)

        file.unlink()
        await house.until(lambda: house.names() == [])
