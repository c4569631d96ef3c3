"""The partition keys that a jq program gives for records, in a process of its own with bounds on time and memory.

A record that takes more than half a second of processor time, or makes the process run out of memory, has no keys; the
others do. A program that fails so at several records in a row has failed for the rest of the chunk as well.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wavetank.emulator.firehose.core.partitioning import Extracted

CHILD = Path(__file__).with_name("jq_child.py")
PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""The variables that an interpreter may need to start; the process gets no others, since a program can read them."""

RUN_S = 600.0  # wall clock of one run, on however busy a machine
MOST_IN_A_ROW = 3
TOO_COSTLY = "The MetadataExtractionQuery takes too much time or memory for this record"


class QueryError(ValueError):
    """A program that jq does not take; the text is jq's."""


def check_query(program: str) -> None:
    """Raise QueryError for a program that jq does not take."""
    _run(program, ())


def extract(program: str, records: Sequence[bytes]) -> list[Extracted]:
    """The keys of each record, or why it has none. Raises QueryError for a program that jq does not take."""
    keys: list[Extracted] = []
    in_a_row = 0
    while len(keys) < len(records):
        if in_a_row >= MOST_IN_A_ROW:
            return keys + [TOO_COSTLY] * (len(records) - len(keys))
        answers = _run(program, records[len(keys) :])
        keys += answers
        if len(keys) < len(records):
            in_a_row = 1 if answers else in_a_row + 1
            keys.append(TOO_COSTLY)
    return keys


def _run(program: str, records: Sequence[bytes]) -> list[Extracted]:
    """The answers that a new process gives before it ends, by itself or at the bounds set to it."""
    blocks = (program.encode(), *records)
    child = subprocess.Popen(  # noqa: S603 - this interpreter, and a file of this package
        [sys.executable, "-I", str(CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        cwd="/",
    )
    with child:
        try:
            output, complaint = child.communicate(
                b"".join(len(block).to_bytes(4, "big") + block for block in blocks), timeout=RUN_S
            )
        except subprocess.TimeoutExpired:
            child.kill()
            output, complaint = child.communicate()
    # The last line may be cut off: its record has no answer.
    lines: list[Any] = [json.loads(line) for line in output.split(b"\n")[:-1]]
    if not lines and child.returncode > 0:
        raise RuntimeError(f"jq cannot be run: {complaint.decode(errors='replace')[-2000:]}")
    if not lines:
        raise QueryError("the program takes too much time or memory to compile")
    if lines[0] is not None:
        raise QueryError(lines[0])
    return lines[1:]
