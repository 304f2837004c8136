"""Environment, `.env` and secrets directory."""

from __future__ import annotations

import pytest

from marty_chassis.errors import InvalidConfiguration
from marty_chassis.settings import ChassisConfig


@pytest.mark.parametrize(
    "name",
    [
        "MARTY_PLUGINS__JWT_AUTHENTICATION__TOKEN_EXPIRY",
        "MARTY_PLUGINS__JWT-AUTHENTICATION__TOKEN_EXPIRY",
        "marty_plugins__jwt_authentication__token_expiry",
    ],
)
def test_a_variable_reaches_a_plugins_section_however_it_is_spelt(load, monkeypatch, name) -> None:
    monkeypatch.setenv(name, "12")

    config = load("plugins: {jwt-authentication: {token_expiry: 3600}}\n")

    assert config.plugins.section("jwt-authentication") == {"token_expiry": "12"}


def test_a_variable_finds_the_spelling_of_the_file(load, monkeypatch) -> None:
    monkeypatch.setenv("MARTY_PLUGINS__X__LOG_LEVEL", "debug")
    monkeypatch.setenv("MARTY_PLUGINS__X__TOKENEXPIRY", "1")

    config = load("plugins: {x: {log-level: info, tokenExpiry: 2}}\n")

    assert config.plugins.section("x") == {"log-level": "debug", "tokenExpiry": "1"}
    assert config.origin("plugins.x.log-level") == "env:MARTY_PLUGINS__X__LOG_LEVEL"


def test_the_type_decides_what_a_text_stands_for(monkeypatch) -> None:
    variables = {
        "SERVICE__PORT": "81",
        "SERVICE__NAME": "[x]",
        "SERVICE__TAGS": '["a", "b"]',
        "PLUGINS__STRICT": "true",
        "PLUGINS__REQUIRED": "x",
        "PLUGINS__DIRECTORIES": '["p", "q"]',
        "PLUGINS__SETTINGS__X_Y__PRIORITY": "3",
        "PLUGINS__SETTINGS__Z": '{"enabled": false}',
        "PLUGINS__RELOAD": '{"watch": true}',
        "MANAGEMENT__TOKEN": '["one", "two"]',
        "MIDDLEWARE": '[{"use": "a:B", "options": {"level": 5}}]',
        "LOGGING": '{"level": "debug"}',
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"MARTY_{name}", value)

    config = ChassisConfig()

    assert (config.service.port, config.service.name, config.service.tags) == (
        81,
        "[x]",
        ["a", "b"],
    )
    assert config.plugins.strict is True
    assert config.plugins.required == ["x"]
    assert [str(path) for path in config.plugins.directories] == ["p", "q"]
    assert config.plugins.settings_of("x-y").priority == 3
    assert config.plugins.settings_of("z").enabled is False
    assert config.plugins.reload.watch is True
    assert [token.get_secret_value() for token in config.management.token] == ["one", "two"]
    assert config.middleware[0].options == {"level": 5}
    assert config.logging.level == "DEBUG"
    assert config.origin("middleware.0.options.level") == "env:MARTY_MIDDLEWARE"


def test_a_longer_name_refines_a_shorter_one_in_either_order(monkeypatch) -> None:
    monkeypatch.setenv("MARTY_SERVICE__NAME", "b")
    monkeypatch.setenv("MARTY_SERVICE", '{"name": "a", "version": "1"}')
    monkeypatch.setenv("MARTY_SERVICE__HOST", "h")

    service = ChassisConfig().service

    assert (service.name, service.version, service.host) == ("b", "1", "h")


def test_a_text_where_a_section_should_be_gives_way_to_the_keys(monkeypatch) -> None:
    monkeypatch.setenv("MARTY_SERVICE__NAME", "b")
    monkeypatch.setenv("MARTY_SERVICE", "nonsense")

    assert ChassisConfig().service.name == "b"


def test_what_should_be_json_and_is_not_says_so(monkeypatch) -> None:
    monkeypatch.setenv("MARTY_SERVICE__TAGS", "[a, b]")
    monkeypatch.setenv("MARTY_LOGGING", "{level: debug}")

    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig()

    assert str(raised.value) == (
        "the configuration cannot be used, 2 problems:\n"
        "  env:MARTY_LOGGING logging: not valid JSON. Write JSON, with double quotes, or set the"
        " keys one by one.\n"
        "  env:MARTY_SERVICE__TAGS service.tags: Input should be a valid list. What begins with a"
        " bracket must be JSON, with double quotes."
    )


def test_text_inside_of_a_json_list_is_text(monkeypatch) -> None:
    monkeypatch.setenv("MARTY_MIDDLEWARE", '["[1]"]')

    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig()

    assert str(raised.value).endswith(
        "env:MARTY_MIDDLEWARE middleware.0: must hold keys and values."
    )


def test_an_empty_variable_is_as_if_absent(monkeypatch) -> None:
    monkeypatch.setenv("MARTY_SERVICE__NAME", "")
    monkeypatch.setenv("MARTY_SERVICE__VERSION", "  ")

    assert ChassisConfig().service.name == "marty-service"
    assert ChassisConfig().service.version == "0.0.0"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("MARTY_SERVICE_NAME", "Did you mean 'MARTY_SERVICE__NAME'?"),
        ("MARTY_SERVCE__NAME", "Did you mean 'MARTY_SERVICE__NAME'?"),
        ("MARTY_SERVCE", "Did you mean 'MARTY_SERVICE'?"),
        ("MARTY_SERVICE__", ""),
        ("MARTY_SERVICE____NAME", "Did you mean 'MARTY_SERVICE__NAME'?"),
        ("MARTY_SECRET_DIR", "Did you mean 'MARTY_SECRETS_DIR'?"),
        ("MARTY_WHATEVER", ""),
        ("marty_whatever", ""),
    ],
)
def test_a_variable_that_sets_nothing_is_a_warning(monkeypatch, name: str, hint: str) -> None:
    monkeypatch.setenv(name, "hush")

    (warning,) = ChassisConfig().warnings

    assert (warning.place, warning.hint, warning.severity) == (f"env:{name}", hint, "warning")
    assert "hush" not in str(warning)


def test_our_other_variables_are_not_misspelt_settings(monkeypatch) -> None:
    monkeypatch.setenv("MARTY_CONFIG", "x")
    monkeypatch.setenv("MARTY_DISABLE_PLUGIN_AUTOLOAD", "1")

    assert ChassisConfig().warnings == ()


def test_one_key_set_by_two_variables_is_a_problem(monkeypatch) -> None:
    monkeypatch.setenv("MARTY_PLUGINS__A_B__X", "1")
    monkeypatch.setenv("MARTY_PLUGINS__A-B__X", "2")

    with pytest.raises(InvalidConfiguration, match=r"plugins\.a-b\.x: set twice, by env:MARTY_"):
        ChassisConfig()


def test_a_plugins_name_in_a_variable_is_checked_too(monkeypatch) -> None:
    monkeypatch.setenv("MARTY_PLUGINS__STATUS__X", "1")
    monkeypatch.setenv("MARTY_PLUGINS__X", "text")

    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig()

    assert [problem.path for problem in raised.value.problems] == ["plugins.status", "plugins.x"]


def test_a_dotenv_file_beside_the_configuration_is_read(write, workplace) -> None:
    path = write("", "conf/config.yaml")
    write(
        """\
        # ours and others
        OTHER=1
        export MARTY_SERVICE__NAME="from ${OTHER}"
        MARTY_SERVICE__PORT=
        """,
        "conf/.env",
    )

    config = ChassisConfig.from_file(path)

    assert config.service.name == "from 1"
    assert config.service.port == 8000
    assert config.origin("service.name") == f"{workplace}/conf/.env:3"


def test_a_dotenv_line_that_is_none_has_a_place(write) -> None:
    write("MARTY_SERVICE__NAME=a\n'hush\n", ".env")

    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig()

    assert str(raised.value).endswith(".env:2: not a line of the form NAME=value.")
    assert "hush" not in str(raised.value)


def test_a_dotenv_file_must_be_utf_8(workplace) -> None:
    (workplace / ".env").write_bytes(b"A=\xff\n")

    with pytest.raises(InvalidConfiguration, match=r"\.env: cannot be read: not UTF-8"):
        ChassisConfig()


def test_a_dotenv_folder_is_left_alone(workplace) -> None:
    (workplace / ".env").mkdir()

    assert ChassisConfig().warnings == ()


def test_a_dotenv_file_that_cannot_be_opened_says_why(workplace) -> None:
    (workplace / ".env").symlink_to(".env")

    with pytest.raises(InvalidConfiguration, match=r"\.env: cannot be read: Too many levels"):
        ChassisConfig()


def test_secret_files_of_our_names_are_read(write, monkeypatch, workplace) -> None:
    write("hush\n", "secrets/marty_plugins__jwt_authentication__jwt_secret")
    write("81", "secrets/MARTY_SERVICE__PORT")
    write("other", "secrets/other")
    monkeypatch.setenv("MARTY_SECRETS_DIR", "secrets")

    config = ChassisConfig()

    assert config.plugins.section("jwt-authentication") == {"jwt_secret": "hush"}
    assert config.service.port == 81
    assert config.origin("service.port") == "secret:secrets/MARTY_SERVICE__PORT"


def test_a_secrets_directory_that_is_named_must_be_there(monkeypatch) -> None:
    monkeypatch.setenv("MARTY_SECRETS_DIR", "nowhere")

    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig()

    assert str(raised.value).endswith(
        "nowhere: the secrets directory cannot be read: No such file or directory."
        " Mend MARTY_SECRETS_DIR."
    )


def test_a_secret_file_must_be_a_text_of_sensible_size(workplace, monkeypatch) -> None:
    folder = workplace / "secrets"
    (folder / "marty_service__tags").mkdir(parents=True)
    (folder / "marty_service__name").write_bytes(b"\xff")
    (folder / "marty_service__host").write_bytes(b"h" * (1024 * 1024 + 1))
    monkeypatch.setenv("MARTY_SECRETS_DIR", str(folder))

    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig()

    assert [problem.place for problem in raised.value.problems] == [
        str(folder / f"marty_service__{name}") for name in ("host", "name", "tags")
    ]


def test_the_usual_place_of_secrets_is_looked_at(write, monkeypatch, workplace) -> None:
    write("81", "usual/marty_service__port")
    monkeypatch.setattr("marty_chassis.settings.loading._USUAL_SECRETS", workplace / "usual")

    assert ChassisConfig().service.port == 81

    monkeypatch.setattr("marty_chassis.settings.loading._USUAL_SECRETS", workplace / "none")
    assert ChassisConfig().service.port == 8000
