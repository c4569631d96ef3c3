"""`wavetank logs | trace | ledger | triage`: what happened on a stage; a module a command, and their options."""

import typer

from wavetank.scenarios.commands.observability import ledger, logs, trace, triage


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    for module in (logs, trace, ledger, triage):
        module.register(app)
