"""`wavetank up | down | status | image`: the life of a stack, embedded or in a container."""

import json
import os
import time
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from wavetank.emulator.errors import CallerError, NoStackUp
from wavetank.emulator.stack.environment import AUTHORITY_OFF, AUTHORITY_VARIABLE, LogLevel
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import DEFAULT_PORT
from wavetank.emulator.stack.start import discard_stale
from wavetank.scenarios.commands import target
from wavetank.scenarios.commands.options import AsJson, OnePort
from wavetank.scenarios.report.escaping import echo, one_line

NOTHING_UP = 3
"""Exit code of `status` when there is no stack, as service managers use it."""

Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 picks a free one.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command(epilog="Example: wavetank up --port 0 --json")(up)
    app.command(epilog="Example: wavetank down --all")(down)
    app.command(epilog="Example: wavetank status --json")(status)
    app.command(epilog="Examples: wavetank image    wavetank image --context image")(image)


def up(
    port: Port = DEFAULT_PORT,
    as_json: AsJson = False,
    deploy: Annotated[bool, typer.Option(help="Deploy the pipeline once the stack is ready.")] = True,
    log_level: Annotated[LogLevel, typer.Option(help="The least that the stack logs.")] = LogLevel.INFO,
    docker: Annotated[bool, typer.Option("--docker", help="In a container; builds the image where needed.")] = False,
    authority: Annotated[
        bool, typer.Option("--authority/--no-authority", help="Let the pipeline's IAM and resource policies count.")
    ] = True,
) -> None:
    """Start the stack, with the pipeline deployed on it.

    It runs in the background until `wavetank down`. When it is up already, that is said and nothing else
    done.
    """
    from wavetank.scenarios.commands.bring_up import Start, bring_up, report

    if not authority:
        os.environ[AUTHORITY_VARIABLE] = AUTHORITY_OFF
    start = Start(port, log_level, docker)
    outcome = bring_up(start, deploy=deploy, say=(lambda _line: None) if as_json else _say)
    echo(json.dumps(outcome.document()) if as_json else report(outcome))


def down(
    port: OnePort = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Every stack of this project, or outside of one of this user, also of drills."),
    ] = False,
) -> None:
    """Stop a stack, within 2 seconds.

    Whatever it started ends with it, and its data are gone.
    """
    for record in discard_stale(Home.from_environment()):
        _say(f"cleaned up after a stack on port {record.port} that was gone")
    try:
        running = target.all_running() if everything else [target.ours(port)]
    except NoStackUp as error:
        return _say(f"nothing to stop: {error.message}")
    stacks = [stack for stack in running if not everything or target.is_of_this_project(stack)]
    if not stacks:
        _say("nothing to stop: no stack is up." if not running else "nothing to stop: no stack of this project is up.")
    for stack in stacks:
        begun = time.monotonic()
        stack.down()
        echo(f"stopped the stack on port {stack.port} in {time.monotonic() - begun:.1f} s")
    return None


def status(as_json: AsJson = False) -> None:
    """List the stacks that are up, of all projects of this user.

    The exit code is 3 when there is none.
    """
    from wavetank.scenarios.commands.overview import describe, table

    stacks = [describe(stack) for stack in target.all_running()]
    if as_json:
        echo(json.dumps(stacks))
    else:
        echo(table(stacks) if stacks else "no stack is up; start one with `wavetank up`")
    if not stacks:
        raise typer.Exit(NOTHING_UP)


def image(
    context: Annotated[
        Path | None,
        typer.Option("--context", metavar="DIR", help="Write what it is built from to this folder, and build nothing."),
    ] = None,
) -> None:
    """Build the image of the emulator from the wavetank that is installed, where it is not up to date.

    `wavetank up --docker` does so by itself; compose files take the image as it is.
    """
    from wavetank.emulator.container import image as images
    from wavetank.emulator.container.engine import connect

    if context is None:
        echo(f"{images.up_to_date(connect())} is up to date with wavetank {metadata.version('wavetank')}")
        return
    if context.exists():
        raise CallerError(f"{context} is there already.", "Name a folder that is not, or remove it.")
    context.mkdir(parents=True)
    images.write_context(context)
    echo(one_line(f"wrote {context}; build it with: docker build -f {context}/emulator/Dockerfile {context}"))


def _say(line: str) -> None:
    echo(line, err=True)
