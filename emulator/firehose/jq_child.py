"""A process of its own that runs one jq program over records: run as a file, `python -I jq_child.py`.

jq computes without releasing the interpreter, and a program may run for ever or ask for any amount of memory. Here the
system ends the process when a record takes more than its share; the starter knows by the answers that are missing.

Standard input: the program, then the records, each as four bytes of length, big-endian, and that many bytes.
Standard output: a line of JSON for the program (null, or jq's error), then one for each record: the first value that
the program gives, as an object, or a text that tells why it has none.
"""

import contextlib
import json
import resource
import signal
import sys
from typing import IO

import jq  # type: ignore[import-not-found]

RECORD_CPU_S = 0.5
COMPILE_CPU_S = 5.0
MEMORY_BYTES = 1024**3
MAX_KEYS = 50
MAX_VALUE = 1024  # characters; the prefix that it stands in has at most 512
NOT_JSON = "Non JSON record provided"


def main() -> None:
    """Answer until the input ends."""
    with contextlib.suppress(ValueError, OSError):  # macOS knows the limit, and does not always take it
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    source, sink = sys.stdin.buffer, sys.stdout
    _allow(COMPILE_CPU_S)
    try:
        program = jq.compile((_block(source) or b"").decode())
    except ValueError as error:
        _say(sink, str(error))
        return
    _say(sink, None)
    while (record := _block(source)) is not None:
        _allow(RECORD_CPU_S)
        _say(sink, _extracted(program, record))


def _allow(cpu_s: float) -> None:
    """Allow `cpu_s` of processor time from now on; then the system ends the process."""
    signal.setitimer(signal.ITIMER_PROF, cpu_s)


def _block(source: IO[bytes]) -> bytes | None:
    head = source.read(4)
    return source.read(int.from_bytes(head, "big")) if len(head) == 4 else None


def _say(sink: IO[str], value: object) -> None:
    sink.write(json.dumps(value) + "\n")
    sink.flush()


def _extracted(program: "jq._Program", record: bytes) -> object:
    try:
        text = record.decode()
        json.loads(text)
    except (ValueError, RecursionError):
        return NOT_JSON
    try:
        value = next(iter(program.input_text(text)), None)
    except ValueError as error:
        return str(error)
    if not isinstance(value, dict):
        return "The MetadataExtractionQuery does not give an object of partition keys"
    if len(value) > MAX_KEYS or any(isinstance(item, str) and len(item) > MAX_VALUE for item in value.values()):
        return f"The MetadataExtractionQuery gives more than {MAX_KEYS} keys, or a value longer than {MAX_VALUE}"
    return {key: item if isinstance(item, str | int | float | None) else [] for key, item in value.items()}


if __name__ == "__main__":
    main()
