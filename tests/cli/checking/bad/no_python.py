"""A parenthesis is missing."""

from marty_chassis.plugins import hookimpl


@hookimpl
def health_check(:  # expect: syntax
    return {"healthy": True}
