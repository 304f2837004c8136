"""One record is one line of JSON with flat keys, whatever somebody logs."""

from __future__ import annotations

import json
import os
import re
from collections import OrderedDict
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loguru import logger
from pydantic import SecretStr

from marty_chassis.contrib.structured_logging.line import Lines

from .conftest import Host, Read, the


async def test_a_line_says_when_where_and_by_whom(logged: Host, read: Read) -> None:
    before = datetime.now(UTC)
    async with logged(settings={"service": {"name": "orders", "version": "1.2"}}) as host:
        logger.info("in the service")
        of_plugin = host.context.logger
        of_plugin.warning("in the plugin {}", 1)

    line = the(read(), "in the service")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["timestamp"])
    assert before <= datetime.fromisoformat(line.pop("timestamp")) <= datetime.now(UTC)
    assert line.pop("line") > 0
    assert line == {
        "level": "INFO",
        "message": "in the service",
        "logger": __name__,
        "function": "test_a_line_says_when_where_and_by_whom",
        "service": "orders",
        "version": "1.2",
        "pid": os.getpid(),
    }
    line = the(read(), "in the plugin 1")
    assert (line["plugin"], line["level"]) == ("structured-logging", "WARNING")


async def test_an_error_is_text_without_the_values_of_variables(logged: Host, read: Read) -> None:
    class OutOfStock(Exception):
        pass

    async with logged():
        hunter2 = "the value of a variable"
        try:
            raise OutOfStock("no more\nof these")
        except OutOfStock:
            logger.exception("went wrong")

    line = the(read(), "went wrong")
    assert line["exception_type"].endswith("OutOfStock")
    assert line["exception_message"] == "no more\nof these"
    assert line["exception_stack"].startswith("Traceback (most recent call last):\n")
    assert "raise OutOfStock" in line["exception_stack"]
    assert hunter2 not in line["exception_stack"]


async def test_what_is_bound_is_a_key_of_its_own_and_replaces_none(
    logged: Host, read: Read
) -> None:
    bound: dict[str, Any] = {
        "user": "jo",
        "level": 3,
        "extra.level": 4,
        "message": "theirs",
        "order": {"id": 7, "items": [{"sku": "x"}, 2], "paid": None},
    }
    async with logged():
        logger.bind(**bound).info("ours")

    line = the(read(), "ours")
    assert line["user"] == "jo"
    assert (line["level"], line["extra.level"], line["extra.extra.level"]) == ("INFO", 3, 4)
    assert line["extra.message"] == "theirs"
    assert (line["order.id"], line["order.paid"]) == (7, None)
    assert line["order.items"] == [{"sku": "x"}, 2]


class Rude:
    def __str__(self) -> str:
        raise RuntimeError("I will not")

    __repr__ = __str__


class Colour(IntEnum):
    RED = 1


class Liar(dict[str, str]):
    def items(self) -> Any:
        raise RuntimeError("I will not")


class Login(NamedTuple):
    user: str
    password: str


class Headers(list[tuple[str, str]]):
    """As frameworks have them."""


cyclic: list[Any] = [1]
cyclic.append(cyclic)
deep: Any = "bottom"
for _ in range(2000):
    deep = [deep]


ODD: dict[str, tuple[object, object]] = {
    "a bool": (True, True),
    "a fraction": (1.5, 1.5),
    "no number": (float("nan"), "nan"),
    "without end": (float("-inf"), "-inf"),
    "too big to be printed": (10**5000, "<its __str__ raised ValueError>"),
    "big": (2**64 - 1, 2**64 - 1),
    "rude": (Rude(), "<its __str__ raised RuntimeError>"),
    "rude in a list": ([Rude()], ["<its __str__ raised RuntimeError>"]),
    "a colour": (Colour.RED, "1"),
    "money": (Decimal("1.10"), "1.10"),
    "a time": (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02 00:00:00+00:00"),
    "a path": (Path("/a"), "/a"),
    "bytes": (b"\xff", r"b'\xff'"),
    "a set": ({1}, [1]),
    "nothing in it": ((), []),
    "a secret": (SecretStr("hunter2"), "**********"),
    "a named tuple": (Login("jo", "x"), "Login(user='jo', password=***)"),
    "headers": (Headers([("cookie", "a=x"), ("cookie", "b=y")]), None),
    "half of a character": ("\ud83d", "\ud83d"),
    "several lines": ("two\nlines\u2028\x00\x1b", "two\nlines\u2028\x00\x1b"),
}


@pytest.mark.parametrize(("value", "shown"), ODD.values(), ids=ODD)
async def test_an_odd_value_is_shown_as_well_as_it_can_be(
    logged: Host, read: Read, value: object, shown: object
) -> None:
    async with logged():
        logger.bind(value=value).info("odd")

    found = the(read(), "odd")["value"]
    if shown is None:
        assert found.count("***") == 2, "as Python prints it"
        assert "=x" not in found
    else:
        assert found == shown


async def test_a_mapping_is_looked_into_whatever_it_says_of_itself(
    logged: Host, read: Read
) -> None:
    async with logged():
        logger.bind(liar=Liar(a="b"), ordered=OrderedDict(password="x")).info("odd")

    line = the(read(), "odd")
    assert (line["liar.a"], line["ordered.password"]) == ("b", "***")


ENDLESS = {"in a circle": cyclic, "deep": deep, "wide": list(range(10**6))}


@pytest.mark.parametrize("value", ENDLESS.values(), ids=ENDLESS)
async def test_what_has_no_end_is_cut(logged: Host, read: Read, value: object) -> None:
    async with logged():
        logger.bind(value=value).info("endless " + "x" * 100_000)

    (line,) = [line for line in read() if line["message"].startswith("endless")]
    assert len(json.dumps(line)) < 25_000
    assert "characters left out" in line["message"]


async def test_a_mapping_with_odd_keys_is_shown(logged: Host, read: Read) -> None:
    async with logged():
        logger.bind(value={1: "one", None: {("a",): 2}, Rude(): 3}).info("odd")

    line = the(read(), "odd")
    assert line["value.1"] == "one"
    assert line["value.None.('a',)"] == 2
    assert line["value.<its __str__ raised RuntimeError>"] == 3


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=30,
)


@given(st.text(), st.dictionaries(st.text(), VALUES, max_size=5))
def test_whatever_is_logged_is_one_line_of_json(message: str, extra: dict[str, Any]) -> None:
    lines = Lines({"service": "s", "version": "0"}, known=str)
    record: Any = {
        "time": datetime.now(UTC),
        "level": SimpleNamespace(name="INFO"),
        "message": message,
        "name": None,
        "function": "f",
        "line": 1,
        "process": SimpleNamespace(id=1),
        "exception": None,
        "extra": extra,
    }

    line = lines.of(record, "")

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    found = json.loads(line)
    assert found["level"] == "INFO"
    assert not any(isinstance(value, dict) and value for value in found.values())
