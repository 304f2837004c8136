"""Commands that plugins bring; whatever is wrong with them, `marty` itself works."""

from __future__ import annotations

import pytest

from .conftest import Marty, Write

GREETER = '''
    import click
    from marty_chassis.plugins import IPlugin, plugin
    from marty_hookspecs import hookimpl

    @click.command()
    @click.argument("name")
    def greet(name):
        """Greet somebody."""
        click.echo(f"Hello, {name}!")

    @plugin(name="greeter")
    class Greeter(IPlugin):
        async def initialize(self, context):
            raise RuntimeError("it is started")

        @hookimpl
        def cli_commands(self):
            return [greet]
    '''


@pytest.fixture(autouse=True)
def configured(write: Write) -> None:
    """A configuration with a plugin folder."""
    write("config.yaml", "plugins: {directories: [./plugins]}")


def test_a_plugin_brings_a_command_without_being_started(marty: Marty, write: Write) -> None:
    write("plugins/greeter.py", GREETER)

    shown, said = marty("--help"), marty("greet", "Ada")

    assert "Commands of plugins:\n  greet  Greet somebody.\n" in shown.stdout
    assert (said.exit_code, said.stdout, said.stderr) == (0, "Hello, Ada!\n", "")


def test_an_asynchronous_hook_may_bring_commands_too(marty: Marty, write: Write) -> None:
    write("plugins/greeter.py", GREETER.replace("def cli_commands", "async def cli_commands"))

    assert marty("greet", "Ada").stdout == "Hello, Ada!\n"


def test_a_command_that_marty_has_is_refused_aloud(marty: Marty, write: Write) -> None:
    write("plugins/greeter.py", GREETER.replace("@click.command()", '@click.command("run")'))

    shown, ran = marty("--help"), marty("run", "--help")

    assert "Commands of plugins" not in shown.stdout
    assert shown.stderr == (
        "warning: plugin 'greeter' brings 'run', which marty itself has; it is left out.\n"
    )
    assert ran.stdout.startswith("Usage: marty run [OPTIONS] [APP]")


def test_of_two_plugins_with_one_command_the_first_one_has_it(marty: Marty, write: Write) -> None:
    write("plugins/greeter.py", GREETER)
    write(
        "plugins/other.py", GREETER.replace('name="greeter"', 'name="other"').replace("Hello", "Ho")
    )

    said = marty("greet", "Ada")

    assert said.stdout == "Hello, Ada!\n"
    assert said.stderr == (
        "warning: plugin 'other' brings 'greet', which plugin 'greeter' has; it is left out.\n"
    )


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (("return [greet]", "return [1]"), "brings an object of type int where a click command"),
        (("return [greet]", "1 / 0"), "brings no commands: hook cli.commands failed: ZeroDivision"),
        (("return [greet]", "return 7"), "brings an object of type int where"),
        (("(self)", "(self, wrong)"), "brings no commands: initialize failed: plugin"),
        (("IPlugin):", "IPlugin):\n        def __init__(self): exit(3)\n"), "SystemExit"),
    ],
)
def test_a_plugin_that_fails_does_not_break_marty(
    marty: Marty, write: Write, change: tuple[str, str], warning: str
) -> None:
    write("plugins/greeter.py", GREETER.replace(*change))

    shown, said = marty("--help"), marty("greet", "Ada")

    assert shown.exit_code == 0
    assert warning in shown.stderr
    assert said.exit_code == 2
    assert "No such command 'greet'." in said.stderr


def test_a_broken_configuration_does_not_break_help(marty: Marty, write: Write) -> None:
    write("config.yaml", "service: {prot: 1}")

    shown = marty("--help")

    assert shown.exit_code == 0
    assert "warning: the commands of plugins are not known" in shown.stderr
    assert "Did you mean 'port'?" in shown.stderr


def test_a_broken_plugin_file_does_not_break_help(marty: Marty, write: Write) -> None:
    write("plugins/broken.py", "def f(:")

    shown = marty("--help")

    assert shown.exit_code == 0
    assert "Run a service." in shown.stdout
    assert "warning: plugin 'broken' brings no commands: " in shown.stderr
    assert "broken.py:1: SyntaxError" in shown.stderr


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (
            "1 / 0",
            1,
            "error: ZeroDivisionError: division by zero. This is a mistake in the command:"
            " --verbose shows where, to report it.\n",
        ),
        ("raise click.Abort()", 130, ""),
        ("raise click.ClickException('not today')", 1, "Error: not today\n"),
        ("raise SystemExit(7)", 7, ""),
    ],
)
def test_a_command_that_fails_ends_as_one_of_ours(
    marty: Marty, write: Write, raised: str, code: int, said: str
) -> None:
    write("plugins/greeter.py", GREETER.replace('click.echo(f"Hello, {name}!")', raised))

    ran = marty("greet", "Ada")

    assert (ran.exit_code, ran.stderr) == (code, said)
