"""`wavetank dev | cycle`: edit code and schemas and see them served; turn a function off and on again."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from wavetank.emulator.errors import CallerError
from wavetank.scenarios.commands import target
from wavetank.scenarios.commands.options import EndpointUrl
from wavetank.scenarios.report.escaping import echo

if TYPE_CHECKING:
    from wavetank.emulator.develop.debug import Debugging
    from wavetank.emulator.develop.reload import Reaction, Reloader
    from wavetank.emulator.stack.stack import Stack

DEBUG_PORT = 5678
"""Where debuggers of Python listen by habit."""

DEPLOY_TIMEOUT_S = 600

Function = Annotated[str, typer.Argument(help="The function; `wavetank-` may be left out.", metavar="FUNCTION")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command(epilog="Examples: wavetank dev    wavetank dev --debug partitioner")(dev)
    app.command(epilog="Example: wavetank cycle partitioner")(cycle)


def dev(
    debug: Annotated[
        str | None,
        typer.Option("--debug", metavar="FUNCTION", help="Let this function wait for a debugger.", show_default=False),
    ] = None,
    debug_port: Annotated[
        int, typer.Option("--debug-port", min=1, max=65535, help="Where it listens, on 127.0.0.1.")
    ] = DEBUG_PORT,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Watch the project's schemas and the pipeline's code, and bring the stack up to date with every change.

    Until Ctrl-C.

    What does not compile is shown, and the code from before keeps serving.
    """
    stack = target.connect(endpoint_url)
    try:
        _watch(stack, debug, debug_port)
    except KeyboardInterrupt:
        echo("stopped watching; the stack keeps what it has", err=True)


def cycle(function: Function, endpoint_url: EndpointUrl = None) -> None:
    """Turn a function off and on again: its next event meets a new environment."""
    from wavetank.emulator.deploy import functions

    stack = target.connect(endpoint_url)
    name = functions.find(stack, function)
    functions.cycle(stack, name)
    echo(f"{name}: the next event starts a new environment")


def _watch(stack: "Stack", debug: str | None, port: int) -> None:
    from wavetank.emulator.deploy import functions
    from wavetank.emulator.deploy.deploy import deploy, plan
    from wavetank.emulator.develop.debug import Debugging, restore
    from wavetank.emulator.develop.reload import Place, Reloader, Watch
    from wavetank.emulator.stack.home import Home, schemas_folder
    from wavetank.emulator.stack.stack import EmbeddedStack
    from wavetank.pipeline import package

    code, schemas, deployed = package.CODE.resolve(), schemas_folder(), plan().functions
    watch = Watch((code, schemas), (".py", ".avsc", ".json", ".csv", ".parquet", ".toml", ".txt", ".lock"))
    restore(stack, deployed)
    deploy(stack, lambda step: echo(f"{step} …", err=True))
    debugging = None
    if debug:
        if not isinstance(stack, EmbeddedStack):
            raise CallerError(
                "only a function of a stack on this machine can be debugged.", "Start one: `wavetank up`."
            )
        name = functions.find(stack, debug)
        folder = Home.from_environment().path / "debug" / name
        debugging = Debugging(stack, name, port, source=code, folder=folder, own=package.own_sources(plan(), name))
    others = [name for name in deployed if debugging is None or name != debugging.name]
    reloader = Reloader(stack, Place(code, schemas, others), lambda: _redeploy(stack))
    with _debugged(debugging, reloader):
        echo(f"watching {code.name}/ and {schemas.name}/; Ctrl-C ends it")
        while True:
            for reaction in reloader.react(watch.wait()):
                echo(reaction.text, err=not reaction.ok)


@contextmanager
def _debugged(debugging: "Debugging | None", reloader: "Reloader") -> Iterator[None]:
    """A block in which the function is under the debugger; at its end, however it comes, it is what it was."""
    if debugging is None:
        yield
        return
    try:
        echo(f"{debugging.name}: preparing the debugger …", err=True)
        debugging.start()
        reloader.on_code = debugging.restart
        where = f"127.0.0.1:{debugging.port}"
        echo(f"{debugging.name} listens for a debugger on {where}, and waits for one at its first event.")
        echo("For VS Code, in launch.json under configurations:")
        echo(json.dumps(debugging.configuration(), indent=2))
        yield
    finally:
        debugging.end(reloader.packages[debugging.name])


def _redeploy(stack: "Stack") -> "Reaction":
    """Deploy from a fresh process, which loads the description of the infrastructure as it is now."""
    from wavetank.emulator.develop.reload import Reaction

    command = [sys.executable, "-m", "wavetank.scenarios.cli", "deploy", "--endpoint-url", stack.endpoint_url]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=DEPLOY_TIMEOUT_S, stdin=subprocess.DEVNULL, check=False
    )
    return Reaction((done.stdout if done.returncode == 0 else done.stderr).strip(), ok=done.returncode == 0)
