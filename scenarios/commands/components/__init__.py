"""`wavetank components` and `wavetank template`: what is set for event types (`show`), and their packages (`lock`)."""

from typing import Any

import typer
from typer.core import TyperArgument, TyperGroup

from wavetank.scenarios.commands.components.lock import lock
from wavetank.scenarios.commands.components.show import show, template


class ArgumentOrCommand(TyperGroup):
    """A group that takes an argument of its own where the first word is none of its commands.

    After `--` a word is an argument even if a command has that name.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse for the group itself, unless a command is named; then leave all that follows to it."""
        is_own = not args or args[0] not in self.commands
        ctx.allow_interspersed_args, ctx.allow_extra_args = is_own, not is_own
        return super().parse_args(ctx, args)

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters of the group; without its arguments where a command is named, or asks how it was reached."""
        takes_arguments = ctx.command is self and not ctx.allow_extra_args
        return [each for each in super().get_params(ctx) if takes_arguments or not isinstance(each, TyperArgument)]


components = typer.Typer(cls=ArgumentOrCommand, invoke_without_command=True, subcommand_metavar="| COMMAND [ARGS]...")
components.callback(epilog="Examples: wavetank components    wavetank components click --json")(show)
components.command(epilog="Example: wavetank components lock purchase")(lock)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(components, name="components")
    app.command(epilog="Example: wavetank template --pretty --event click")(template)
