"""Which source wins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marty_chassis.errors import InvalidConfiguration
from marty_chassis.settings import ChassisConfig, HookLayer
from marty_chassis.settings.document import read_document
from marty_chassis.settings.given import argument_layer
from marty_chassis.settings.layer import at, laid


def test_each_source_wins_over_those_after_it(write, workplace, monkeypatch) -> None:
    names = ["name", "version", "host", "advertise", "instance_id", "port"]
    path = write("service:\n" + "".join(f"  {name}: '5'\n" for name in names[:5]))
    hook = {"service": dict.fromkeys(names[:4], "4")}
    for name in names[:3]:
        write("3\n", f"secrets/marty_service__{name}")
    monkeypatch.setenv("MARTY_SECRETS_DIR", "secrets")
    write("MARTY_SERVICE__NAME=2\nMARTY_SERVICE__VERSION=2\n", ".env")
    monkeypatch.setenv("MARTY_SERVICE__NAME", "1")

    config = ChassisConfig.load(path, hook_layers=[hook])
    with_argument = ChassisConfig.load(path, {"service": {"name": "0"}}, [hook])

    assert [getattr(config.service, name) for name in names] == ["1", "2", "3", "4", "5", 8000]
    assert [config.origin(f"service.{name}") for name in names] == [
        "env:MARTY_SERVICE__NAME",
        f"{workplace}/.env:2",
        "secret:secrets/marty_service__host",
        "config.load",
        "config.yaml:6:16",
        "default",
    ]
    assert with_argument.service.name == "0"
    assert with_argument.origin("service.name") == "argument"


def test_mappings_are_merged_and_lists_are_replaced(load) -> None:
    config = load(
        "service: {tags: [a, b]}\nplugins: {x: {deep: {one: 1, two: 2}, list: [1, 2]}}\n",
        service={"tags": ["c"]},
        plugins={"X": {"deep": {"two": 3}, "list": (4,)}},
    )

    assert config.service.tags == ["c"]
    assert config.plugins.section("x") == {"deep": {"one": 1, "two": 3}, "list": [4]}


def test_an_empty_section_takes_nothing_away(load) -> None:
    config = load("service: {name: a}\nplugins: {x: {a: 1}}\n", service=None, plugins={"x": None})

    assert config.service.name == "a"
    assert config.plugins.section("x") == {"a": 1}


def test_a_value_may_cover_a_mapping_and_a_mapping_a_value(load) -> None:
    config = load("plugins: {x: {a: {b: [1]}, c: 1}}\n", plugins={"x": {"a": 2, "c": {"d": [3]}}})

    assert config.plugins.section("x") == {"a": 2, "c": {"d": [3]}}
    assert config.origin("plugins.x.a") == "argument"
    assert config.origin("plugins.x.c.d.0") == "argument"


def test_the_first_answer_to_config_load_wins() -> None:
    config = ChassisConfig.load(
        hook_layers=[
            HookLayer("one", {"service": {"name": "1"}}),
            HookLayer("two", {"service": {"name": "2", "version": "2"}}),
        ]
    )

    assert (config.service.name, config.service.version) == ("1", "2")
    assert config.origin("service.version") == "config.load:two"


def test_an_answer_to_config_load_cannot_change_where_plugins_are_found() -> None:
    answer = {"plugins": {"directories": ["/evil"], "entry_points": "none", "x": {"a": 1}}}

    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig.load(hook_layers=[HookLayer("consul", answer)])

    assert str(raised.value) == (
        "the configuration cannot be used, 2 problems:\n"
        "  config.load:consul plugins.directories: cannot be changed by a plugin: the plugins are"
        " found before they are asked. Write it elsewhere.\n"
        "  config.load:consul plugins.entry_points: cannot be changed by a plugin: the plugins are"
        " found before they are asked. Write it elsewhere."
    )


def test_an_answer_to_config_load_must_be_a_mapping() -> None:
    with pytest.raises(InvalidConfiguration, match="the answer is of type list, not a mapping"):
        ChassisConfig.load(hook_layers=[HookLayer("consul", ["s3cret"])])


def test_an_answer_that_holds_itself_is_refused() -> None:
    answer: dict[str, object] = {}
    answer["service"] = {"tags": answer}

    with pytest.raises(InvalidConfiguration, match="nested deeper than 100 levels"):
        ChassisConfig.load(hook_layers=[answer])


def test_an_answer_does_not_show_its_secrets() -> None:
    assert repr(HookLayer("consul", {"password": "hush"})) == "HookLayer('consul', ***)"


keys = st.sampled_from(["a", "b", "c"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc", max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
mappings = st.dictionaries(keys, values, max_size=3)


@given(mappings)
def test_what_lies_over_itself_is_itself(values) -> None:
    layer = argument_layer({"x": values}, Path())

    assert laid([layer, layer]).data == layer.data


@given(mappings, mappings)
def test_what_lies_on_top_is_seen(top, below) -> None:
    layers = [argument_layer({"x": values}, Path()) for values in (top, below)]

    seen = laid(layers)

    for path in layers[0].origins:
        value = at(layers[0].data, path)
        if value is not None and not isinstance(value, dict):
            assert at(seen.data, path) == value
            assert path in seen.origins


@given(mappings)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_holds_what_was_written_and_each_value_has_a_place(workplace, values) -> None:
    path = workplace / "any.yaml"
    path.write_text(json.dumps({"x": values}), encoding="utf-8")

    layer = read_document(path)

    assert layer.data == {"x": values}
    assert set(layer.origins) == set(argument_layer({"x": values}, workplace).origins)
