"""Its import raises, far from where it looks broken."""

from marty_chassis.plugins import IPlugin, plugin

LEVELS = {"low": 1}


def level(name):
    return LEVELS[name]  # expect: import


@plugin(name="cannot-be-imported", version="1.0.0", description="Has a level")
class CannotBeImported(IPlugin):
    level = level("high")
