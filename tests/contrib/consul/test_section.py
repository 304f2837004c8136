"""The section `consul`, and Consul's own variables where it says nothing."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from marty_chassis import ChassisConfig
from marty_chassis.contrib.consul import Consul, ConsulSettings
from marty_chassis.errors import InvalidConfiguration


@pytest.fixture(autouse=True)
def variables(monkeypatch) -> None:
    for name in ("ADDR", "TOKEN", "SSL"):
        monkeypatch.delenv(f"CONSUL_HTTP_{name}", raising=False)


def test_nothing_needs_to_be_said() -> None:
    settings = ConsulSettings()

    assert settings.address == "http://127.0.0.1:8500"
    assert (settings.token, settings.datacenter, settings.ttl) == (None, None, 30)


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({"ADDR": "consul.example:8501"}, "http://consul.example:8501"),
        ({"ADDR": "consul.example:8501", "SSL": "true"}, "https://consul.example:8501"),
        ({"ADDR": "http://consul.example", "SSL": "true"}, "http://consul.example"),
        ({"ADDR": "https://consul.example/"}, "https://consul.example"),
        ({"ADDR": ""}, "http://127.0.0.1:8500"),
    ],
    ids=str,
)
def test_the_address_is_consul_s_own_variable_where_it_is_not_given(
    monkeypatch, variables, wanted
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"CONSUL_HTTP_{name}", value)

    assert ConsulSettings().address == wanted
    assert ConsulSettings(address="here:1").address == "http://here:1"


def test_the_token_is_consul_s_own_variable_too_and_is_not_shown(monkeypatch) -> None:
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", "t0psecret")

    settings = ConsulSettings()

    assert settings.token is not None
    assert settings.token.get_secret_value() == "t0psecret"
    assert "t0psecret" not in f"{settings!r} {settings.model_dump_json()}"


@pytest.mark.parametrize("address", ["unix:///consul.sock", "consul.example:port", "http://"])
def test_a_variable_that_is_no_address_is_an_error_of_the_section(monkeypatch, address) -> None:
    monkeypatch.setenv("CONSUL_HTTP_ADDR", address)

    with pytest.raises(ValidationError, match="must be an address such as"):
        ConsulSettings()


def test_consul_drops_no_service_within_a_minute() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 60"):
        ConsulSettings(deregister_after=59)


def test_what_is_wrong_is_said_with_its_place(tmp_path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("plugins:\n  consul:\n    adress: here\n    ttl: 0\n", "utf-8")
    config = ChassisConfig.from_file(file)

    with pytest.raises(InvalidConfiguration) as raised:
        config.plugin_model("consul", ConsulSettings)

    assert f"{file}:3:13" in str(raised.value)
    assert f"{file}:4:10" in str(raised.value)


def test_the_plugin_lets_requests_pass_whatever_becomes_of_it() -> None:
    assert Consul.plugin_metadata.failure_policy == "open"


@pytest.mark.parametrize("end", ["\n", "\r\n", " "], ids=repr)
def test_a_token_may_have_come_with_the_end_of_its_line(monkeypatch, end) -> None:
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", f"t0psecret{end}")

    for settings in (ConsulSettings(), ConsulSettings(token=f"t0psecret{end}")):
        assert settings.token is not None
        assert settings.token.get_secret_value() == "t0psecret"


@pytest.mark.parametrize("token", ["t0p\nsecret", "t0psecrét", "t0psecret\x00", " "], ids=repr)
def test_a_token_that_no_header_can_hold_is_refused_and_not_repeated(monkeypatch, token) -> None:
    with pytest.raises(ValidationError, match="must be printable ASCII") as in_section:
        ConsulSettings(token=token)
    if "\x00" not in token:  # which no variable can hold
        monkeypatch.setenv("CONSUL_HTTP_TOKEN", token)
        with pytest.raises(ValidationError, match="CONSUL_HTTP_TOKEN must be printable"):
            ConsulSettings()

    assert "t0p" not in str(in_section.value)


def test_a_variable_that_does_not_fit_is_named(monkeypatch, tmp_path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("plugins: {consul: {}}\n", "utf-8")
    monkeypatch.setenv("CONSUL_HTTP_ADDR", "unix:///consul.sock")
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", "t0p\tsecret")

    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig.from_file(file).plugin_model("consul", ConsulSettings)

    said = str(raised.value)
    assert "the variable CONSUL_HTTP_ADDR must be an address such as" in said
    assert "the variable CONSUL_HTTP_TOKEN must be printable ASCII" in said
    assert "t0p" not in said


def test_a_token_of_the_variable_is_masked_wherever_words_repeat_it(monkeypatch) -> None:
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", "t0psecret\n")
    config = ChassisConfig(plugins={"consul": {}})

    config.plugin_model("consul", ConsulSettings)

    assert config.masked("t0psecret is refused") == "*** is refused"
    assert config.reread().masked("b't0psecret\\n'") == "b'***\\n'"
