"""The `wavetank` command of every installation: the whole command line, or what is missing for it."""

import sys
from importlib import metadata
from typing import NoReturn

USAGE = 2
STACK_PYTHON = (3, 13)
"""What a stack runs on: the release of LocalStack that it is, and the runtime of the functions."""
STACK = "wavetank[stack]"


def main() -> None:
    """Run the command line; where a package of an extra is missing, say which extra, with exit code 2."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"wavetank {metadata.version('wavetank')}\n")
        return
    if sys.version_info[:2] != STACK_PYTHON:
        series, this = ".".join(map(str, STACK_PYTHON)), ".".join(map(str, sys.version_info[:2]))
        _refuse(f"it needs Python {series}, and this is {this}; without a stack, wavetank is a library alone.")
    try:
        from wavetank.scenarios import cli

        cli.main()
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "wavetank":
            raise
        _refuse(f"there is no {error.name} here, which comes with it.")


def _refuse(reason: str) -> NoReturn:
    command = " ".join(["wavetank", *(word for word in sys.argv[1:2] if not word.startswith("-"))])
    sys.stderr.write(f"error: {command} needs {STACK}: pip install '{STACK}'\n{reason[:1].upper()}{reason[1:]}\n")
    sys.exit(USAGE)
