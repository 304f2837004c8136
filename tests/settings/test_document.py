"""A YAML file that cannot be used says where, why and what to do."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marty_chassis.errors import InvalidConfiguration, Problem
from marty_chassis.settings import ChassisConfig
from marty_chassis.settings.document import MOST_VALUES, read_document
from marty_chassis.settings.textfile import LARGEST

SECRET = "s3cr3t"


def test_an_empty_file_is_an_empty_configuration(load) -> None:
    for text in ("", "# nothing\n", "---\n", "null\n", "\ufeff"):
        assert load(text) == load(text)
        assert load(text).service.name == "marty-service"


def test_a_missing_file_says_how_to_make_one() -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig.from_file("nope.yaml")

    assert str(raised.value) == (
        "the configuration cannot be used, 1 problem:\n"
        "  nope.yaml: there is no such file."
        " Write one with `marty config create nope.yaml`, or name another file."
    )


def test_a_folder_is_no_file(workplace) -> None:
    (workplace / "conf").mkdir()

    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig.from_file("conf")

    assert str(raised.value).endswith(
        "conf: this is a folder, not a file. Name the file in it, as in `config.yaml`."
    )


@pytest.mark.skipif(os.name == "nt", reason="a link that leads to itself")
def test_a_file_that_cannot_be_opened_says_why(workplace) -> None:
    (workplace / "loop.yaml").symlink_to("loop.yaml")

    with pytest.raises(InvalidConfiguration, match=r"loop.yaml: cannot be read: Too many levels"):
        ChassisConfig.from_file("loop.yaml")


def test_a_path_that_cannot_be_one_says_why() -> None:
    with pytest.raises(InvalidConfiguration, match="cannot be read: embedded null byte"):
        ChassisConfig.from_file("a\0b")


def test_a_file_that_is_too_large_is_not_read(workplace) -> None:
    (workplace / "big.yaml").write_bytes(b"#" * (LARGEST + 1))
    (workplace / "full.yaml").write_bytes(b"#" * LARGEST)

    assert read_document(Path("full.yaml")).data == {}
    with pytest.raises(InvalidConfiguration, match=r"big.yaml: larger than 1,048,576 bytes"):
        read_document(Path("big.yaml"))


def test_a_byte_that_is_not_utf_8_has_a_place(workplace) -> None:
    (workplace / "latin.yaml").write_bytes("service:\n  name: ä".encode() + b"\xe4\n")

    with pytest.raises(InvalidConfiguration) as raised:
        read_document(Path("latin.yaml"))

    assert str(raised.value).endswith(
        "latin.yaml:2:10: a byte that is not UTF-8. Save the file as UTF-8."
    )


CASES = {
    "a: [1, 2": "1:9: expected ',' or ']', but got '<stream end>'",
    "service:\n  name: a: b\n": "2:10: mapping values are not allowed here",
    "a: 'x\n": "2:1: found unexpected end of stream",
    "a: \x07\n": "1:4: a control character",
    "a: *nothing\n": "1:4: an alias (*name) of nothing",
    "a: !x!y z\n": "1:4: a YAML tag (!name), which a configuration may not have",
    "a: 1\n---\nb: 2\n": "2:1: a second document (---)",
    "[1, 2]\n": "1:1: the file must hold keys and values, found a list",
    "hello\n": "1:1: the file must hold keys and values, found a single value",
    "[" * 200: "1:101: nested deeper than 100 levels",
    "a: @x\n": "1:4: found character '@' that cannot start any token",
}


@pytest.mark.parametrize("text", CASES, ids=lambda text: text[:20])
def test_what_is_not_yaml_stops_the_reading_there(refused, text: str) -> None:
    message = refused(text)

    assert message.splitlines()[0] == "the configuration cannot be used, 1 problem:"
    assert message.splitlines()[1].startswith(f"  config.yaml:{CASES[text]}. ")


def test_what_is_wrong_inside_is_all_said_at_once(refused) -> None:
    message = refused(
        """\
        service:
          name: !!python/object:os.system {}
          name: again
          port: !!int many
          ? [a, b]
          : 1
          version: 2024-13-45
          tags: !!set {a}
          host: !!binary "abc"
          <<: 5
        """
    )

    assert [line.split(". ")[0] for line in message.splitlines()[1:]] == [
        "  config.yaml:2:9 service.name: a YAML tag (!name), which a configuration may not have",
        "  config.yaml:3:3 service.name: a key for the second time",
        "  config.yaml:4:9 service.port: looks like a value of type int, and is none",
        "  config.yaml:5:5 service: a key must be plain text",
        "  config.yaml:7:12 service.version: looks like a value of type timestamp, and is none",
        "  config.yaml:8:9 service.tags: a YAML tag (!name), which a configuration may not have",
        "  config.yaml:9:9 service.host: looks like a value of type binary, and is none",
        "  config.yaml:10:7 service: `<<` brings in mappings, and this is none.",
    ]


def test_a_tag_at_the_top_is_refused(refused) -> None:
    assert "config.yaml:1:1: a YAML tag (!name)" in refused("!!omap {a: 1}\n")


@pytest.mark.parametrize(
    "line",
    [
        f"password: *{SECRET}",
        f"password: !{SECRET}",
        f"password: !{SECRET}!x",
        f"password: !{SECRET}!x y",
        f"password: '{SECRET}",
        f"password: a: {SECRET}",
        f"password: {SECRET}\n  password: {SECRET}",
        f"password: !!int {SECRET}",
        f"password: !!bool {SECRET}",
        f"password: [{SECRET}",
        f"password: @{SECRET}",
        f"password: |{SECRET}",
        f'password: "\\q{SECRET}"',
    ],
)
def test_no_message_repeats_a_value(refused, line: str) -> None:
    assert SECRET not in refused(f"service:\n  {line}\n")


def test_an_alias_inside_of_what_it_stands_for_is_refused(refused) -> None:
    assert "1:10 service.tags.0: an alias inside of what it stands for." in refused(
        "service: &a\n  tags: [*a]\n"
    )
    assert "1:10 service: an alias inside of what it stands for." in refused(
        "service: &a\n  <<: *a\n  name: b\n"
    )
    assert "1:1 plugins: an alias inside of what it stands for." in refused("&a\nplugins: *a\n")


def test_aliases_that_multiply_are_stopped(refused) -> None:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]

    assert refused("\n".join(lines)).endswith(
        f": the file expands to more than {MOST_VALUES:,} values."
        " Write fewer aliases (*name): each one counts with all that is below it."
    )


def test_aliases_and_merged_keys_have_the_place_of_their_anchor(load) -> None:
    config = load(
        """\
        plugins:
          one: &one
            a: 1
            b: {c: 2}
          two:
            <<: *one
            a: 3
          three:
            <<: [*one, {a: 9, d: 4}]
          four: *one
          four-again: &one {a: 5}
          five: *one
        """
    )

    assert config.plugins.section("two") == {"a": 3, "b": {"c": 2}}
    assert config.plugins.section("three") == {"a": 1, "b": {"c": 2}, "d": 4}
    assert config.plugins.section("four") == config.plugins.section("one")
    assert config.plugins.section("five") == {"a": 5}
    assert config.origin("plugins.two.a") == "config.yaml:7:8"
    assert config.origin("plugins.two.b.c") == "config.yaml:4:12"


def test_the_values_are_those_of_yaml_1_2(load) -> None:
    config = load(
        """\
        plugins:
          x: {on: yes, oct: 010, oct2: 0o10, day: 2024-01-02, none: ~, eq: =, f: 1.5, 8080: a,
              true: b}
        """
    )

    assert config.plugins.section("x") == {
        "on": "yes",
        "oct": 10,
        "oct2": 8,
        "day": dt.date(2024, 1, 2),
        "none": None,
        "eq": "=",
        "f": 1.5,
        "8080": "a",
        "true": "b",
    }


@given(before=st.integers(0, 30), depth=st.integers(1, 6), indent=st.integers(1, 4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_error_is_where_it_was_put(workplace, before: int, depth: int, indent: int) -> None:
    lines = [f"key{i}: {i}" for i in range(before)]
    lines += [" " * (indent * level) + f"level{level}:" for level in range(depth)]
    lines += [" " * (indent * depth) + "wrong: !tag value"]
    (workplace / "any.yaml").write_text("\n".join(lines), encoding="utf-8")

    (problem,) = read_document(Path("any.yaml")).problems

    line, column = before + depth + 1, indent * depth + len("wrong: ") + 1
    assert problem.place == f"any.yaml:{line}:{column}"
    assert problem.path == ".".join([*(f"level{level}" for level in range(depth)), "wrong"])


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_holds_it_is_read_or_refused(workplace, content: bytes) -> None:
    (workplace / "any.yaml").write_bytes(content)

    problems = found_in(Path("any.yaml"))

    assert all(problem.place.startswith("any.yaml:") for problem in problems)


@given(st.text(st.sampled_from("ab:-[]{}&*!<>|'\"# \n?,=~%@"), max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_whatever_yaml_is_like_it_is_read_or_refused(workplace, content: str) -> None:
    (workplace / "any.yaml").write_text(content, encoding="utf-8")

    problems = found_in(Path("any.yaml"))

    assert all(problem.message for problem in problems)


def found_in(path: Path) -> list[Problem]:
    """What is wrong with a file, whether it can be read or not."""
    try:
        return read_document(path).problems
    except InvalidConfiguration as error:
        return list(error.problems)
