"""The `wavetank` command: assembled from `scenarios.commands`, one module a group of commands, and from rooms.

Exit codes: 0 done; 1 failed; 2 wrong usage; 3 nothing to say yes or no to (`status`: nothing is up; `drill`:
inconclusive); 130 interrupted.
"""

import atexit
import os
import signal
import sys
import traceback
from contextlib import suppress
from importlib import import_module, metadata
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from wavetank.emulator.errors import CallerError, StackError
from wavetank.emulator.stack.home import PROJECT_VARIABLE, Home
from wavetank.pipeline.errors import PipelineError
from wavetank.scenarios.report.escaping import echo, printable

COMMANDS = (
    "init",
    "stack",
    "deploy",
    "schemas",
    "components",
    "reference",
    "dev",
    "init_event",
    "try_event",
    "feed",
    "tick",
    "outage",
    "quarantine",
    "query",
    "observability",
    "dashboard",
    "faults",
    "drill",
    "explore",
    "rights",
    "mutation",
    "bench",
)
"""The modules of `scenarios.commands`, in the order in which `wavetank --help` lists them."""
ROOMS = ("cost", "limits")
"""The rooms of `scenarios` whose command is beside what it shows, in their module `command`."""

FAILED = 1
USAGE = 2
TERMINATED = 128 + signal.SIGTERM

app = typer.Typer(
    name="wavetank",
    help="A serverless event pipeline on your laptop, and the storms that prove it loses nothing.",
    epilog="Start with: wavetank init my-pipeline && cd my-pipeline && wavetank up",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        echo(f"wavetank {metadata.version('wavetank')}")
        raise typer.Exit


@app.callback()
def globals_(
    project: Annotated[
        Path | None,
        typer.Option(
            "--project",
            envvar=PROJECT_VARIABLE,
            metavar="DIR",
            help="The project's folder.",
            show_default="the nearest one with a wavetank.toml, from here upwards",
        ),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options of all commands: what asks for the project, here or in a child, finds the one that is named."""
    if project is not None:
        os.environ[PROJECT_VARIABLE] = str(project.resolve())


for module in (*(f"commands.{name}" for name in COMMANDS), *(f"{room}.command" for room in ROOMS)):
    import_module(f"wavetank.scenarios.{module}").register(app)


INSUFFICIENT_STORAGE = 507
NO_ROOM = "The disk of the stack is full. Free some space, or name a folder on another disk with WAVETANK_HOME."


def main() -> None:
    """Run the command line; errors that a user can act upon are told in a sentence, without a traceback."""
    # SIGTERM ends it as Ctrl-C does, with everything cleaned up on the way out.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(TERMINATED))
    try:
        app()
    except SystemExit as end:
        if isinstance(end.code, int) and end.code:
            _leave(end.code)
        raise
    except CallerError as error:
        _fail(str(error), USAGE)
    except StackError as error:
        _fail(str(error), FAILED)
    except PipelineError as error:
        _fail(str(error), USAGE)
    except ModuleNotFoundError:
        raise
    except OSError as error:
        unusable = Home.from_environment().unusable(error)
        if unusable is None:
            traceback.print_exc()
            _leave(FAILED)
        _fail(str(unusable), USAGE)
    except Exception as error:
        if not type(error).__module__.startswith("botocore."):
            sys.stderr.write(printable(traceback.format_exc()))
            _leave(FAILED)
        response = getattr(error, "response", None) or {}
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        _fail(f"AWS call failed: {error}" + (f"\n{NO_ROOM}" if status == INSUFFICIENT_STORAGE else ""), FAILED)


def _leave(code: int) -> NoReturn:
    """Exit without waiting for threads, which may still ask a stack that is gone; all else was cleaned up."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


def _fail(message: str, code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.write(f"error: {printable(message)}\n")
    _leave(code)


if __name__ == "__main__":
    main()
