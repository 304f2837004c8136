"""What the sections of the registries have in common."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from marty_chassis import ChassisConfig
from marty_chassis.contrib.registry import RegistrySettings
from marty_chassis.errors import InvalidConfiguration


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("http://127.0.0.1:8500", "http://127.0.0.1:8500"),
        (" consul.example:8500 ", "http://consul.example:8500"),
        ("[::1]:8500", "http://[::1]:8500"),
        ("https://consul.example/", "https://consul.example"),
        ("https://gateway.example/consul/", "https://gateway.example/consul"),
    ],
)
def test_an_address_is_a_url_or_a_host_with_its_port(given, wanted) -> None:
    assert RegistrySettings(address=given).address == wanted


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "must be an address such as"),
        ("ftp://consul.example", "must be an address such as"),
        ("consul.example:port", "must be an address such as"),
        ("consul.example:0", "must be an address such as"),
        ("http://user:pass@consul.example", "must not hold a user or a password"),
        ("http://consul.example/?token=x", "must end before any"),
        (8500, "should be a valid string"),
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(given, words) -> None:
    with pytest.raises(ValidationError, match=words) as raised:
        RegistrySettings(address=given)

    assert "pass@" not in str(raised.value)


def test_a_key_needs_its_certificate(tmp_path) -> None:
    (tmp_path / "key.pem").touch()

    with pytest.raises(ValidationError, match="the key of a cert_file, which is missing"):
        RegistrySettings(address="a:1", key_file=tmp_path / "key.pem")


def test_files_are_looked_for_beside_the_configuration(tmp_path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("plugins:\n  other:\n    address: a:1\n    ca_file: ca.pem\n", "utf-8")
    with pytest.raises(InvalidConfiguration) as missing:
        ChassisConfig.from_file(config).plugin_model("other", RegistrySettings)
    (tmp_path / "ca.pem").touch()
    with pytest.raises(InvalidConfiguration) as empty:
        ChassisConfig.from_file(config).plugin_model("other", RegistrySettings)

    assert f"{config}:4:14" in str(missing.value)
    assert f"no such file: {tmp_path / 'ca.pem'}" in str(missing.value)
    assert f"{config}:2:3" in str(empty.value)
    assert "ca_file, cert_file or key_file cannot be used: " in str(empty.value)
