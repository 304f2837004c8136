"""A group of commands that knows what was probably meant."""

from __future__ import annotations

import click

from marty_chassis.errors import did_you_mean


class Group(click.Group):
    """A click group; the error for an unknown command names the nearest one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the line names."""
        name = str(args[0])
        found = self.get_command(ctx, name)
        if found is None and not ctx.resilient_parsing and name[:1] != "-":
            near = did_you_mean(name, self.list_commands(ctx))
            ctx.fail(f"No such command {name!r}.{near}")
        return super().resolve_command(ctx, args)
