"""`wavetank up | down | status | image | logs`: the life of a stack, embedded or in a container."""

import json
import os
import time
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from wavetank.emulator.errors import CallerError, NoStackUp
from wavetank.emulator.stack.environment import AUTHORITY_OFF, AUTHORITY_VARIABLE, LogLevel
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import DEFAULT_PORT, EmbeddedStack
from wavetank.emulator.stack.start import discard_stale, tail
from wavetank.scenarios.commands import target
from wavetank.scenarios.commands.options import AsJson, EndpointUrl
from wavetank.scenarios.report.escaping import echo, echo_more, one_line

NOTHING_UP = 3
"""Exit code of `status` when there is no stack, as service managers use it."""

LOOK_S = 0.2
"""How often `logs --follow` looks for new lines."""

Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 picks a free one.")]
OnePort = Annotated[
    int | None,
    typer.Option("--port", min=1, max=65535, help="The stack on this port.", show_default="the only one up"),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command(epilog="Example: wavetank up --port 0 --json")(up)
    app.command(epilog="Example: wavetank down --all")(down)
    app.command(epilog="Example: wavetank status --json")(status)
    app.command(epilog="Examples: wavetank image    wavetank image --context image")(image)
    app.command(epilog="Examples: wavetank logs -n 50    wavetank logs -f partitioner")(logs)


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


def logs(
    function: Annotated[
        str | None,
        typer.Argument(help="A function; without one, the log of the stack itself.", metavar="FUNCTION"),
    ] = None,
    port: OnePort = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until it ends.")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0, help="How many of the last lines.")] = 100,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Print the log of a stack, or of a function on it.

    With --port also that of a stack that failed to start.
    """
    if function is not None:
        from wavetank.emulator.deploy.functions import find
        from wavetank.emulator.develop.function_log import FunctionLog

        named = target.connect(endpoint_url) if port is None else target.ours(port)
        log = FunctionLog(named, find(named, function))
        for line in log.last(lines):
            echo(line)
        if follow:
            with suppress(KeyboardInterrupt):
                for line in log.follow():
                    echo(line)
        return
    stack = target.ours(None) if port is None else target.on(port)
    if stack is None or isinstance(stack, EmbeddedStack):
        folder = stack.folder if stack is not None else Home.from_environment().stack(port or 0)
        _file_log(folder.log, port, lines, follow)
        return
    echo(stack.log(lines))
    if follow:
        with suppress(KeyboardInterrupt):
            for text in stack.follow():
                echo_more(text)


def _file_log(log: Path, port: int | None, lines: int, follow: bool) -> None:
    """Print the last lines of a log, and follow it until it is removed with its stack."""
    if not log.is_file():
        raise NoStackUp(f"there is no log of a stack on port {port}.")
    end = log.stat().st_size
    echo(tail(log, lines))
    if not follow:
        return
    with log.open(errors="replace") as stream:
        stream.seek(end)
        while log.exists():
            if text := stream.read():
                echo_more(text)
            else:
                time.sleep(LOOK_S)


def _say(line: str) -> None:
    echo(line, err=True)
