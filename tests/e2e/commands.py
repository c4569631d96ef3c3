"""Runs the command line against a stack, in this process."""

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from wavetank.scenarios.cli import app


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """Its standard output as JSON."""
        return json.loads(self.stdout)


def wavetank(endpoint_url: str, *arguments: str) -> Ran:
    """Run `wavetank` on the stack at `endpoint_url`; an exception that reaches the top is raised."""
    result = CliRunner().invoke(app, [*arguments, "--endpoint-url", endpoint_url])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)
