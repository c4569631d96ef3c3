"""Merges many hours and lands what came too late: the pipeline's back-fill, in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from wavetank.emulator.stack.clients import DUMMY_KEY
from wavetank.emulator.stack.home import project_root
from wavetank.emulator.stack.stack import Stack

MODULE = "wavetank.pipeline.handlers.backfill"
LATE = "--late"
"""The option that lands late parts as well."""
LAST_LINES = 3


class BackFillFailedError(Exception):
    """The back-fill broke off; the message is what it said last. What was done is done."""


def back_fill(stack: Stack, options: Sequence[str] = (LATE,)) -> Iterator[dict[str, Any]]:
    """What the back-fill tells of what it does, line by line. Raises BackFillFailedError."""
    command = [sys.executable, "-m", MODULE, f"--account={stack.account}", *options]
    with subprocess.Popen(  # noqa: S603 - our own module, its arguments checked
        command, env=_environment(stack), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            yield from map(json.loads, process.stdout)
            complaint = process.stderr.read().strip().splitlines()[-LAST_LINES:]
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        raise BackFillFailedError("\n".join(complaint))


def _environment(stack: Stack) -> dict[str, str]:
    """What the pipeline is told on AWS, and where to find it."""
    local = {"AWS_ACCESS_KEY_ID": DUMMY_KEY, "AWS_SECRET_ACCESS_KEY": DUMMY_KEY}
    place = {"AWS_ENDPOINT_URL": stack.endpoint_url, "AWS_DEFAULT_REGION": stack.region}
    return {**local, **os.environ, **place, "PYTHONPATH": str(project_root())}
