"""The configuration as a service author meets it."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings

from marty_chassis.errors import InvalidConfiguration
from marty_chassis.settings import ChassisConfig, HookLayer, PluginsSettings, ServiceSettings
from marty_chassis.settings.fields import SettingsModel

SPECIFICATION = """\
# config.yaml
plugins:
  directories:
    - "./plugins"
    - "./custom_plugins"

  # Plugin-specific configuration
  jwt-authentication:
    jwt_secret: "your-secret-key"
    jwt_algorithm: "HS256"
    token_expiry: 3600

  request-tracing:
    correlation_header: "X-Correlation-ID"
    timing_header: "X-Processing-Time"

  custom-metrics:
    collection_interval: 30
    export_format: "prometheus"
"""


def test_the_specifications_file_loads_as_printed(load, workplace) -> None:
    config = load(SPECIFICATION)

    assert config.plugin_directories() == [workplace / "plugins", workplace / "custom_plugins"]
    assert list(config.plugins.sections) == [
        "jwt-authentication",
        "request-tracing",
        "custom-metrics",
    ]
    assert config.plugins.section("JWT_Authentication") == {
        "jwt_secret": "your-secret-key",
        "jwt_algorithm": "HS256",
        "token_expiry": 3600,
    }
    assert config.warnings == ()


def test_without_anything_there_are_defaults() -> None:
    config = ChassisConfig()

    assert isinstance(config, BaseSettings)
    assert (config.service.name, config.service.host, config.service.port) == (
        "marty-service",
        "127.0.0.1",
        8000,
    )
    assert config.plugins.entry_points == "all"
    assert config.plugins.reload.drain_timeout == 30
    assert config.management.prefix == "/-/marty"
    assert config.lifecycle.stop_timeout == 10
    assert (config.events.mailbox, config.events.publish_timeout) == (1000, 5)
    assert config.path is None
    assert config.folder == Path.cwd()


def test_everything_can_be_given_as_arguments() -> None:
    config = ChassisConfig(
        service={"name": "x"},
        plugins={"directories": ["p"], "jwt-authentication": {"token_expiry": 1}},
        middleware=[{"use": "a.b:C"}],
    )

    assert config.service.name == "x"
    assert config.plugins.sections["jwt-authentication"] == {"token_expiry": 1}
    assert config.middleware[0].use == "a.b:C"


def test_sections_can_be_given_as_models_with_their_secrets() -> None:
    given = ChassisConfig(management={"token": "hush"}, plugins={"x": {"a": 1}})

    config = ChassisConfig(
        service=ServiceSettings(name="x", port=1),
        management=given.management,
        plugins=PluginsSettings(settings={"x": {"from": "here"}}, x={"password": "hush"}),
    )

    assert config.service == ServiceSettings(name="x", port=1)
    assert config.management.token[0].get_secret_value() == "hush"
    assert config.plugins.settings_of("x").from_ == "here"
    assert config.plugins.section("x") == {"password": "hush"}


def test_a_default_is_no_argument() -> None:
    config = ChassisConfig(service=ServiceSettings(name="x"))

    assert config.origin("service.name") == "argument"
    assert config.origin("service.port") == "default"


def test_nothing_can_be_changed_afterwards() -> None:
    config = ChassisConfig()

    with pytest.raises(ValidationError, match="frozen"):
        config.service = ServiceSettings(name="y")  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        config.service.name = "y"  # type: ignore[misc]


def test_two_configurations_share_no_lists() -> None:
    one, other = ChassisConfig(), ChassisConfig()

    one.service.tags.append("blue")

    assert other.service.tags == []


def test_a_section_whose_keys_are_all_comments_is_as_if_absent(load) -> None:
    config = load("service:\nplugins:\n  settings:\n  directories:\n  reload:\n  x:\nmiddleware:\n")

    assert config.service.name == "marty-service"
    assert config.middleware == []
    assert config.plugins.sections == {"x": {}}
    assert load("plugins:\n").plugins.sections == {}


def test_what_is_decided_about_a_plugin_takes_in_the_lists(load) -> None:
    config = load(
        """
        plugins:
          required: [Jwt_Authentication]
          disabled: tracing
          settings:
            JWT_authentication: {priority: 5, log_level: debug}
        """
    )

    decided = config.plugins.settings_of("jwt.authentication")

    assert (decided.required, decided.priority, decided.log_level) == (True, 5, "DEBUG")
    assert config.plugins.settings_of("tracing").enabled is False
    assert config.plugins.settings_of("other").enabled is True
    assert config.plugins.section("other") == {}


def test_a_service_may_add_sections_of_its_own(write, monkeypatch) -> None:
    path = write("database: {pool: 5}\n")
    monkeypatch.setenv("MARTY_DATABASE__NAME", "orders")

    config = ServiceConfig.from_file(path)

    assert (config.database.pool, config.database.name) == (5, "orders")


def test_a_section_that_a_service_needs_is_missed(write) -> None:
    class Needy(ChassisConfig):
        database: Database

    with pytest.raises(InvalidConfiguration) as raised:
        Needy.from_file(write("service: {name: a}\n"))

    assert str(raised.value).endswith("config.yaml database: missing, and there is no default.")


def test_it_survives_copies_and_pickles(load) -> None:
    config = load(SPECIFICATION)

    for again in (copy.deepcopy(config), pickle.loads(pickle.dumps(config)), config.model_copy()):
        assert again == config
        assert again.origin("plugins.jwt-authentication.token_expiry") == "config.yaml:11:19"
        assert "your-secret-key" not in repr(again)


def test_a_copy_with_other_sections_has_no_places_for_them_and_works() -> None:
    plugins = PluginsSettings(directories=[Path("p")], x={"deep": {"a": 1}})

    config = ChassisConfig().model_copy(update={"plugins": plugins})

    assert config.plugin_model("x", dict) == config.raw_section("x") == {"deep": {"a": 1}}
    assert config.origin("plugins.x.deep") == "default"
    assert config.plugin_directories() == [Path.cwd() / "p"]


def test_validating_a_mapping_is_giving_arguments() -> None:
    config = ChassisConfig.model_validate({"service": {"name": "x"}})

    assert config.service.name == "x"
    assert config.origin("service.name") == "argument"


def test_rebuilding_keeps_file_and_arguments_and_reads_variables_again(load, monkeypatch) -> None:
    first = load("service: {name: a, version: '1'}\n", service={"name": "b", "host": "h"})
    monkeypatch.setenv("MARTY_SERVICE__VERSION", "2")

    again = first.rebuilt([HookLayer("consul", {"service": {"ttl": 99}})], {"service": {"port": 1}})

    assert again.service == ServiceSettings(name="b", version="2", host="h", port=1, ttl=99)
    assert again.origin("service.ttl") == "config.load:consul"
    assert again.path == first.path
    assert first.service.version == "1"


def test_reading_again_after_the_working_directory_changed_finds_the_same_file(
    load, monkeypatch, workplace
) -> None:
    first = load("service: {name: a}\n", plugins={"directories": ["p"]})
    (workplace / "elsewhere").mkdir()
    monkeypatch.chdir(workplace / "elsewhere")

    again = first.rebuilt()

    assert again.service.name == "a"
    assert again.plugin_directories() == [workplace / "p"]


@pytest.mark.parametrize(
    "given",
    [
        {"service": {"heartbeat": 30, "ttl": 10}},
        {"service": {"port": 70000}},
        {"service": 5},
        {"plugins": [1]},
        {"plugins": {"settings": 5}},
        {"plugins": {"directories": 5}},
        {"service": {"heartbeat": float("nan")}},
        {"lifecycle": {"retry_initial": 5, "retry_max": 1}},
        {"lifecycle": {"stop_timeout": 0}},
        {"management": {"prefix": "no-slash"}},
        {"management": {"token": ""}},
        {"management": {"token": ["a b"]}},
        *(
            {"management": {"listen": bad}}
            for bad in ("9001", ":1", "a:70000", "a:b", "::1:1", "[]:1")
        ),
        {"events": {"mailbox": 0}},
        {"logging": {"level": "LOUD"}},
        {"logging": {"level": 3}},
        *(
            {"middleware": [{"use": bad}]}
            for bad in ("gzip", "a:", ":B", "a b:C", "a:B:C", "a..b:C")
        ),
        {"plugins": {"required": ["x"], "disabled": ["X"]}},
        {"plugins": {"required": ["a__b"]}},
        {"plugins": {"disabled": ["status"]}},
        {"plugins": {"settings": {"status": {}}}},
    ],
    ids=str,
)
def test_a_value_that_makes_no_sense_is_refused(given) -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig(**given)

    assert [problem.place for problem in raised.value.problems] == ["argument"]


def test_a_prefix_may_be_empty_and_ends_without_a_slash() -> None:
    assert ChassisConfig(management={"prefix": ""}).management.prefix == ""
    assert ChassisConfig(management={"prefix": "/ops/"}).management.prefix == "/ops"


@pytest.mark.parametrize("address", ["127.0.0.1:9001", "localhost:0", "[::1]:9001"])
def test_an_address_is_a_host_and_a_port(address: str) -> None:
    assert ChassisConfig(management={"listen": address}).management.listen == address


def test_keys_are_text_wherever_they_come_from() -> None:
    config = ChassisConfig(plugins={404: {1: {"a": 2}}})

    assert config.plugins.section("404") == {"1": {"a": 2}}


def test_a_section_made_by_hand_must_hold_keys_and_values() -> None:
    with pytest.raises(ValidationError, match="the section of x must hold keys and values"):
        PluginsSettings(x=[1])


class Database(SettingsModel):
    """A section of a service's own."""

    name: str = "main"
    pool: int = 1


class ServiceConfig(ChassisConfig):
    """A configuration with a section of its own."""

    database: Database = Database()


def test_models_of_pydantic_are_what_sections_are() -> None:
    assert issubclass(ServiceSettings, BaseModel)
