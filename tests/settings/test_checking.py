"""Whether a configuration can be used, without an exception."""

from __future__ import annotations

from pydantic import BaseModel, SecretStr, ValidationInfo, field_validator

from marty_chassis.settings import ChassisConfig, check, unknown_sections


class Model(BaseModel):
    number: int


def test_a_clean_file_has_no_problems(write) -> None:
    assert check(write("plugins: {x: {number: 1}}\n"), plugin_models={"x": Model, "y": Model}) == []
    assert check() == []


def test_what_is_wrong_is_given_not_raised(write, monkeypatch) -> None:
    monkeypatch.setenv("MARTY_SERVICE_NAME", "x")

    problems = check(write("servce: {}\n"))

    assert [(problem.place, problem.severity) for problem in problems] == [
        ("config.yaml:1:1", "error"),
        ("env:MARTY_SERVICE_NAME", "warning"),
    ]
    assert [problem.place for problem in check("nope.yaml")] == ["nope.yaml"]


def test_a_variable_that_sets_nothing_is_named_though_all_is_well(write, monkeypatch) -> None:
    monkeypatch.setenv("MARTY_SERVCE__NAME", "x")

    assert [str(problem) for problem in check(write(""))] == [
        "env:MARTY_SERVCE__NAME: an environment variable that sets nothing."
        " Did you mean 'MARTY_SERVICE__NAME'?"
    ]


def test_the_plugins_models_are_asked_and_sections_of_nobody_are_named(write) -> None:
    path = write("plugins:\n  x: {number: a}\n  jwt-authenticaton: {}\n  zzz: {}\n")

    problems = check(path, plugin_models={"x": Model}, known_names=["X", "jwt_authentication"])

    assert [str(problem) for problem in problems] == [
        "config.yaml:2:15 plugins.x.number: Input should be a valid integer, unable to parse string"
        " as an integer.",
        "config.yaml:3:3 plugins.jwt-authenticaton: no such plugin is known."
        " Did you mean 'jwt-authentication'?",
        "config.yaml:4:3 plugins.zzz: no such plugin is known."
        " `marty plugins list` shows those that are.",
    ]


def test_sections_are_checked_beside_all_that_is_right_of_the_rest(write) -> None:
    path = write(
        """
        service: {environment: development, prot: 1}
        middleware: [{options: {}}]
        lifecycle: 3
        plugins: {x: {number: 1}}
        """
    )
    seen: list[object] = []

    class Looking(Model):
        @field_validator("number")
        @classmethod
        def look(cls, number: int, info: ValidationInfo) -> int:
            assert isinstance(info.context, ChassisConfig)
            seen.append(info.context.service.environment)
            return number

    problems = check(path, plugin_models={"x": Looking}, known_names=["x"])

    assert [problem.path for problem in problems] == [
        "service.prot",
        "middleware.0.use",
        "lifecycle",
    ]
    assert seen == ["development"]


def test_where_plugins_itself_is_wrong_no_section_is_looked_at(write) -> None:
    path = write("plugins: {directories: 3, x: {number: a}}\n")

    problems = check(path, plugin_models={"x": Model}, known_names=[])

    assert [problem.path for problem in problems] == ["plugins.directories"]


class Raising(BaseModel):
    dsn: SecretStr
    number: int = 0

    @field_validator("dsn")
    @classmethod
    def opened(cls, dsn: SecretStr) -> SecretStr:
        raise RuntimeError(f"cannot use {dsn.get_secret_value()!r}")


class Unfinished(BaseModel):
    other: Nowhere  # type: ignore[name-defined] # noqa: F821


def test_a_model_that_breaks_down_hides_nothing_else_and_tells_no_secret(write) -> None:
    path = write("plugins:\n  a: {dsn: zz-super-dsn}\n  b: {other: 1}\n  x: {number: a}\n")

    problems = check(path, plugin_models={"a": Raising, "b": Unfinished, "x": Model})

    said = [str(problem) for problem in problems]
    assert said[0] == (
        "config.yaml:2:3 plugins.a: the plugin's model cannot check it: RuntimeError: cannot use"
        " '***'. What a validator refuses, it raises as ValueError."
    )
    assert said[1].startswith("config.yaml:3:3 plugins.b: the plugin's model cannot check it: ")
    assert said[2].startswith("config.yaml:4:15 plugins.x.number: ")


def test_settings_of_nobody_are_named_too(load) -> None:
    config = load("plugins:\n  settings: {tracin: {enabled: false}}\n  tracing: {}\n")

    (problem,) = unknown_sections(config, ["tracing"])

    assert str(problem) == (
        "config.yaml:2:14 plugins.settings.tracin: no such plugin is known. Did you mean 'tracing'?"
    )
    assert problem.severity == "warning"


def test_a_plugin_that_is_not_there_yet_may_be_meant(load) -> None:
    config = load("plugins:\n  consol: {}\n")

    (problem,) = unknown_sections(config, ["tracing"], ["consul"])

    assert problem.hint == "Did you mean 'consul'?"


def test_what_is_wrong_in_several_sections_is_said_in_the_order_of_the_lines(write) -> None:
    path = write("plugins:\n  nobody: {}\n  b: {number: x}\n  a: {number: y}\n")

    problems = check(path, plugin_models={"a": Model, "b": Model}, known_names=["a", "b"])

    assert [problem.path for problem in problems] == [
        "plugins.b.number",
        "plugins.a.number",
        "plugins.nobody",
    ]


def test_a_configuration_of_a_service_is_checked_as_its_own_class(write) -> None:
    class ServiceConfig(ChassisConfig):
        extra_key: int = 1

    assert check(write("extra_key: 5\n"), config_class=ServiceConfig) == []
    assert len(check(write("extra_key: 5\n"))) == 1
