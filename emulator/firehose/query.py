"""The partition keys that a jq program finds in records, found by a process of its own within bounds.

A record that takes more than half a second of processor time, or makes the process run out of memory, has no keys; the
others do. A program that fails so on several records in a row has failed for the rest of the chunk as well.
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
"""Of the environment, the process gets what an interpreter may need to start: a program can read it."""

RUN_S = 600.0  # wall clock of one run, on however busy a machine
MOST_IN_A_ROW = 3
TOO_COSTLY = "The MetadataExtractionQuery takes too much time or memory for this record"


class QueryError(ValueError):
    """A program that jq does not take; the text is jq's."""


def check_query(program: str) -> None:
    """Raise QueryError for a program that jq does not take."""
    _run(program, ())


def extract(program: str, records: Sequence[bytes]) -> list[Extracted]:
    """The keys of each record, or why it has none. Raises QueryError for a program that is none."""
    found: list[Extracted] = []
    in_a_row = 0
    while len(found) < len(records):
        if in_a_row >= MOST_IN_A_ROW:
            return found + [TOO_COSTLY] * (len(records) - len(found))
        answers = _run(program, records[len(found) :])
        found += answers
        if len(found) < len(records):
            in_a_row = 1 if answers else in_a_row + 1
            found.append(TOO_COSTLY)
    return found


def _run(program: str, records: Sequence[bytes]) -> list[Extracted]:
    """What a new process answers before it ends, by itself or for the bounds set to it."""
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
