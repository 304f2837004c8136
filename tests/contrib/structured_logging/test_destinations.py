"""stderr, stdout or a file; rotated, kept and compressed; and what becomes of lines that fail."""

from __future__ import annotations

import gc
import gzip
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from loguru import logger

from marty_chassis.contrib.structured_logging.file import check
from marty_chassis.contrib.structured_logging.line import Line
from marty_chassis.contrib.structured_logging.stream import Stream

from .conftest import Host, Read, the


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("name", ["stderr", "stdout"])
async def test_lines_go_to_a_stream(
    logged: Host, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with logged(destination=name):
        logger.info("there")

    said = getattr(capfd.readouterr(), "err" if name == "stderr" else "out")
    assert the([json.loads(line) for line in said.splitlines()], "there")


@pytest.mark.usefixtures("silent")
async def test_what_somebody_has_put_in_the_place_of_a_stream_is_written_to(
    logged: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead = io.StringIO()
    monkeypatch.setattr(sys, "stdout", instead)
    async with logged(destination="stdout"):
        logger.info("there")

    assert '"there"' in instead.getvalue()


async def test_a_process_without_the_stream_says_so(
    logged: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(AssertionError, match="this process has no stdout"):
        async with logged(destination="stdout"):
            pass


def test_a_line_is_one_write_unless_the_system_takes_less(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bytes] = []

    def take(number: int, data: Any) -> int:
        taken.append(bytes(data)[:40_000])
        return len(taken[-1])

    monkeypatch.setattr(os, "write", take)
    with open(os.devnull, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        Stream("stdout").write(Line(b"x" * 30_000))
        Stream("stdout").write(Line(b"y" * 50_000))

    assert taken == [b"x" * 30_000, b"y" * 40_000, b"y" * 10_000]


async def test_a_file_lies_below_the_configuration_and_its_folders_are_made(
    logged: Host, tmp_path: Path, read: Read
) -> None:
    async with logged(destination="logs/{pid}/orders.json"):
        logger.info("there")

    assert the(read(f"logs/{os.getpid()}/orders.json"), "there")


async def test_a_folder_with_braces_in_its_name_is_that_folder(
    logged: Host, tmp_path: Path, read: Read
) -> None:
    folder = tmp_path / "{pid} {x}"
    folder.mkdir()
    async with logged(folder=folder):
        logger.info("there")

    assert the(read(folder / "log.json"), "there")


async def test_a_file_that_somebody_moves_away_begins_anew(
    logged: Host, tmp_path: Path, read: Read
) -> None:
    async with logged():
        logger.info("before")
        (tmp_path / "log.json").rename(tmp_path / "log.json.1")
        logger.info("after")

    assert the(read("log.json.1"), "before")
    assert the(read(), "after")


async def test_files_are_rotated_and_as_many_kept_as_wanted(
    logged: Host, tmp_path: Path, read: Read
) -> None:
    async with logged(rotation=2000, retention=3):
        for number in range(60):
            logger.info("line {}", number)

    files = sorted(tmp_path.glob("log*.json"))
    assert len(files) == 4, "three of before, and the one that is written to"
    found = [line["message"] for file in files for line in read(file.name)]
    kept = [one for one in found if one.startswith("line ")]
    assert "line 59" in kept
    assert all(file.stat().st_size <= 2000 for file in files)


async def test_files_are_compressed_by_somebody_else_than_who_logs(
    logged: Host, tmp_path: Path, read: Read
) -> None:
    async with logged(rotation=3000, compression="gz"):
        for number in range(40):
            logger.info("line {}", number)

    texts = [gzip.decompress(file.read_bytes()).decode() for file in tmp_path.glob("log.*.json.gz")]
    lines = [json.loads(line) for text in texts for line in text.splitlines()] + read()
    said = [line["message"] for line in lines if line["message"].startswith("line ")]
    assert sorted(said) == sorted(f"line {number}" for number in range(40))
    assert texts
    assert [file.name for file in tmp_path.glob("log*.json")] == ["log.json"], "no other is left"


async def test_a_line_that_comes_when_the_file_is_closed_is_written_and_leaves_nothing_open(
    logged: Host, read: Read
) -> None:
    async with logged() as host:
        writer = host.plugin._outlet._writers[0]
        keep: list[Any] = []
        sink = logger.add(keep.append)
        logger.info("on its way")
        logger.remove(sink)

    writer.write(keep[0].record, "")
    gc.collect()  # an open file would be a ResourceWarning

    found = [line for line in read() if line["message"] == "on its way"]
    assert len(found) == 2, "once while it was open, once by hand"


# What fails ------------------------------------------------------------------------------------


async def health(host: Any) -> dict[str, Any]:
    found: dict[str, Any] = dict(await host.plugin.check_health())
    return found


async def test_a_full_disk_is_a_figure_and_no_error(logged: Host, read: Read) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("/dev/full is there on Linux only")
    async with logged(destination="/dev/full") as host:
        logger.info("lost")
        assert (await host.client.get("/")).status_code == 200

        found = await health(host)
        assert not found["healthy"]
        assert found["lost"] > 0
        assert found["written"] == 0
        assert "No space left" in found["problem"]
        answer = await host.operator.get("/plugins/metrics", params={"format": "json"})
        assert "log_lines_lost" in answer.text


async def test_a_disk_that_has_room_again_gets_whole_lines_again(
    logged: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with logged() as host:
        output = host.plugin._outputs[0]
        write = output._kind.write

        def cut(line: Line) -> None:
            short = Line(line[:20])
            short.record = line.record
            write(short)
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(output._kind, "write", cut)
        logger.info("lost")
        monkeypatch.setattr(output._kind, "write", write)
        logger.info("found")

        assert (await health(host))["healthy"]
        assert (await health(host))["lost"] == 1

    lines = (tmp_path / "log.json").read_text().splitlines()
    whole = [json.loads(line) for line in lines if line.endswith("}")]
    assert the(whole, "found")


async def test_a_rotation_that_fails_costs_no_line(
    logged: Host, read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with logged(rotation=1500) as host:
        logger.info("first")

        def refused(*_: object) -> None:
            raise PermissionError("the folder is not ours")

        with monkeypatch.context() as patched:
            patched.setattr(os, "rename", refused)
            for number in range(20):
                logger.info("line {}", number)
            found = await health(host)
            assert not found["healthy"]
            assert (found["lost"], found["failed"] > 0) == (0, True)
            assert found["problem"] == "PermissionError: the folder is not ours"

        logger.info("last")
        assert (await health(host))["healthy"]

    said = [line["message"] for file in tmp_path.glob("log*.json") for line in read(file.name)]
    assert {"first", "last", *(f"line {number}" for number in range(20))} <= set(said)


async def test_a_compression_that_fails_is_a_figure(
    logged: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("no room for two of them")

    monkeypatch.setattr(gzip, "open", refused)
    async with logged(rotation=1500, compression="gz") as host:
        for number in range(10):
            logger.info("line {}", number)
        with anyio.fail_after(2):
            while not (await health(host))["failed"]:
                await anyio.sleep(0.01)

        assert (await health(host))["lost"] == 0


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"rotation": "whenever"}, "Cannot parse rotation from: 'whenever'"),
        ({"rotation": "1 MB", "retention": "a while"}, "Cannot parse retention"),
        ({"rotation": "1 MB", "compression": "rar"}, "Invalid compression format: 'rar'"),
        ({"retention": 3}, "set rotation"),
        ({"destination": "stderr", "rotation": "1 MB"}, "rotation is for a file"),
        ({"audit": {"rotation": "1 MB"}}, "audit: rotation is for a file"),
        ({"destination": "{name}.json"}, "braces in the name of a file"),
        ({"destination": "log-{.json"}, "braces in the name of a file"),
        ({"destination": ""}, "destination"),
        ({"destination": "logs/"}, "logs/ is a folder: name a file, as in logs/service.jsonl"),
        ({"destination": "."}, ". is a folder: name a file"),
        ({"audit": {"destination": "logs/"}}, "audit.destination: logs/ is a folder"),
        ({"rotation": 0}, "rotation: must be above 0"),
        ({"rotation": "0 MB"}, "rotation: must be above 0"),
        ({"rotation": "-5 MB"}, "rotation: must be above 0"),
        ({"rotation": "0 days"}, "rotation: must be above 0"),
        ({"rotation": 1.5}, "rotation: must be a size or a time"),
        ({"rotation": True}, "rotation: must be a size or a time"),
        ({"rotation": "1 MB", "retention": -3}, "retention: must be above 0"),
        ({"rotation": "1 MB", "retention": "-1 day"}, "retention: must be above 0"),
        ({"level": "LOUD"}, "level"),
        ({"levels": {"audit": "LOUD"}}, "levels.audit"),
        ({"audit": {"events": ["a..b"]}}, "the pattern 'a..b' cannot be used"),
    ],
    ids=str,
)
async def test_a_section_that_makes_no_sense_is_refused_with_its_place(
    logged: Host, section: dict[str, Any], problem: str
) -> None:
    with pytest.raises(AssertionError) as raised:
        async with logged(**section):
            pass

    assert problem in str(raised.value)
    assert "plugins.structured-logging" in str(raised.value)


@pytest.mark.parametrize("rotation", ["100 MB", "1 day", "00:00", "monday at 03:00", 1, None])
@pytest.mark.parametrize("retention", ["30 days", 1])
def test_what_makes_sense_is_taken(rotation: str | int | None, retention: str | int) -> None:
    check("rotation", rotation)
    check("retention", retention)


async def test_what_is_wrong_is_said_once(logged: Host) -> None:
    with pytest.raises(AssertionError) as raised:
        async with logged(rotation=0, retention=-3):
            pass

    assert "2 problems" in str(raised.value)


async def test_a_file_that_cannot_be_opened_is_said_with_its_place(
    logged: Host, tmp_path: Path
) -> None:
    (tmp_path / "there").write_text("a file, and no folder")
    with pytest.raises(AssertionError) as raised:
        async with logged(destination="there/log.json"):
            pass

    assert "plugins.structured-logging.destination" in str(raised.value)
    assert "Name one that can be written to" in str(raised.value)


async def test_several_processes_do_not_rotate_one_file(
    logged: Host, monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    monkeypatch.setattr("multiprocessing.parent_process", lambda: object())
    with pytest.raises(AssertionError, match=r"Write \{pid\} into its name"):
        async with logged(rotation="1 MB"):
            pass

    async with logged(rotation="1 MB", destination="log-{pid}.json"):
        logger.info("there")
    assert the(read(f"log-{os.getpid()}.json"), "there")
