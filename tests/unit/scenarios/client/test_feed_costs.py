"""What a file costs to read grows as the file does, whichever of its dimensions grows; memory does not."""

import gzip
import io
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pytest

from tests.effort import grows_within
from tests.unit.scenarios.client.kinesis_double import ScriptedKinesis, takes_all
from wavetank.scenarios.client.feed import Feed
from wavetank.scenarios.client.producer import Producer, Route, Sender
from wavetank.scenarios.client.wire import WireSchema
from wavetank.scenarios.workload.mapper import Mapper
from wavetank.scenarios.workload.mapping_file import from_document
from wavetank.scenarios.workload.ndjson import MAX_LINE_BYTES, LineReader
from wavetank.scenarios.workload.rejects import RejectFile

DECIMAL = {"type": "bytes", "logicalType": "decimal"}
PART = {
    "type": "record",
    "name": "Part",
    "fields": [
        {"name": "n", "type": "int", "default": 0},
        {"name": "any", "type": ["null", "long", "string", {"type": "map", "values": "long"}], "default": None},
        {"name": "inner", "type": ["null", "Part"], "default": None},
    ],
}
PING = WireSchema.of(
    {
        "type": "record",
        "name": "Ping",
        "fields": [
            {"name": "event_id", "type": "string"},
            {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            {"name": "note", "type": ["null", "string"], "default": None},
            {"name": "count", "type": ["null", "long"], "default": None},
            {"name": "score", "type": ["null", "double"], "default": None},
            {"name": "price", "type": ["null", {**DECIMAL, "precision": 3_000, "scale": 2}], "default": None},
            {"name": "data", "type": ["null", "bytes"], "default": None},
            {"name": "parts", "type": ["null", {"type": "array", "items": PART}], "default": None},
            {"name": "told", "type": {"type": "map", "values": "string"}, "default": {}},
            {"name": "attributes", "type": {"type": "map", "values": "string"}, "default": {}},
        ],
    }
)
RULES = {
    "event": "ping",
    "id": {"hash": "*"},
    "time": {"field": "t", "format": "iso8601"},
    "collect": {"told": ["told_*", "*_a_*_b_*"]},
}
GROWTH = 4
DEARER = 3.0
"""So many times as much a byte may cost in a file that is GROWTH times as large; GROWTH where the cost is quadratic.

Generous, since the machine has other things to do.
"""
MIB = 1024 * 1024


def line(*members: str) -> bytes:
    return ('{"t":"2025-01-01",' + ",".join(members) + "}").encode()


def numbered(n: int) -> list[str]:
    return [f'"k{number}":{number}' for number in range(n)]


DIMENSIONS: dict[str, tuple[Callable[[int], bytes], int]] = {
    "lines": (lambda n: b'{"t":"2025-01-01","id":1}\n' * n, 400),
    "blank lines": (lambda n: b"\n" * n, 20_000),
    "lines that are no JSON": (lambda n: b"x\n" * n, 1_000),
    "names": (lambda n: line(*numbered(n)), 1_500),
    "names, the last of them twice": (lambda n: line(*numbered(n), f'"k{n - 1}":0'), 2_000),
    "one name all the time": (lambda n: line(*['"a":1'] * n), 20_000),
    "new names in each line": (lambda n: b"\n".join(line(f'"k{number}":1') for number in range(n)), 500),
    "a long name": (lambda n: line(f'"{"k" * n}":1'), 200_000),
    "a long name twice": (lambda n: line(*[f'"{"k" * n}":1'] * 2), 200_000),
    "a name that nearly fits a pattern": (lambda n: line(f'"{"_a_" * n}":1'), 30_000),
    "a long text": (lambda n: line(f'"note":"{"x" * n}"'), 500_000),
    "escapes": (lambda n: line('"note":"' + "\\u00e9\\n" * n + '"'), 50_000),
    "a surrogate at the end": (lambda n: line('"note":"' + "\\u00e9" * n + '\\ud800"'), 50_000),
    "what is not UTF-8 at the end": (lambda n: b'{"note":"' + b"x" * n + b'\xff"}', 300_000),
    "spaces": (lambda n: b" " * n + b"{}" + b" " * n, 500_000),
    "a text that is no time": (lambda n: b'{"t":"2025-01-01' + b" 1" * n + b'"}', 200_000),
    "digits": (lambda n: line(f'"count":{"9" * n}'), 100_000),
    "digits behind the point": (lambda n: line(f'"score":0.{"3" * n}'), 50_000),
    "digits that are no number": (lambda n: line(f'"score":"{"3" * n}x"'), 100_000),
    "digits of a decimal": (lambda n: line(f'"price":0.{"0" * n}'), 20_000),
    "base64": (lambda n: line(f'"data":"{"AAAA" * n}"'), 50_000),
    "items of a column": (lambda n: line('"parts":[' + ",".join(['{"n":1}'] * n) + "]"), 3_000),
    "items of several branches": (lambda n: line('"parts":[' + ",".join(['{"any":{"a":1}}'] * n) + "]"), 1_000),
    "items that have no field": (lambda n: line('"parts":[' + ",".join(['{"x":1}'] * n) + "]"), 1_000),
    "a wrong item at the end": (lambda n: line('"parts":[' + '{"n":1},' * n + "0]"), 3_000),
    "items": (lambda n: line('"other":[' + ",".join(["[]"] * n) + "]"), 10_000),
    "depth": (lambda n: line('"other":' + "[" * n + f'"{"x" * MIB}"' + "]" * n), 180),
    "depth of objects": (lambda n: line('"other":' + '{"a":' * n + f'"{"x" * MIB}"' + "}" * n), 105),
    "a line that is too long": (lambda n: b"x" * (MAX_LINE_BYTES + n), 2 * MIB),
    "gzip: lines": (lambda n: gzip.compress(b'{"t":"2025-01-01","id":1}\n' * n), 400),
    "gzip: members": (lambda n: gzip.compress(b"{}\n") * n, 500),
    "gzip: members without content": (lambda n: gzip.compress(b"") * n, 2_000),
    "gzip: members of one line": (lambda n: gzip.compress(b"x" * 1000, 0) * n, 1_000),
    "gzip: zeros behind it": (lambda n: gzip.compress(b"{}") + bytes(n), MIB),
    "gzip: damage after much": (lambda n: gzip.compress(b"\n" * 100 * n)[:-8] + bytes(8), 200),
}
NOT_BY_SIZE = {"gzip: lines", "gzip: damage after much"}
"""What is compressed well costs what it holds."""


def mapper() -> Mapper:
    return Mapper(from_document(RULES, "ping.toml", {"ping": PING.definition}))


def fed(data: bytes, folder: Path) -> None:
    with Sender(cast(Any, ScriptedKinesis(takes_all)), in_flight=1) as sender:
        producer = Producer(sender, {"ping": Route("pings", PING)})
        Feed(producer, RejectFile(folder / "rejected"), threading.Event()).rows(LineReader(io.BytesIO(data)), mapper())


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_a_byte_costs_the_same_in_a_larger_file(dimension: str, tmp_path: Path) -> None:
    make, n = DIMENSIONS[dimension]
    small, large = make(n), make(GROWTH * n)
    growth = GROWTH if dimension in NOT_BY_SIZE else len(large) / len(small)
    assert grows_within(DEARER * growth, lambda: fed(small, tmp_path), lambda: fed(large, tmp_path))


def test_gzip_is_inflated_piece_by_piece() -> None:
    packed = io.BytesIO(gzip.compress(b"\n" * 64 * MIB))
    tracemalloc.start()
    for _ in islice(LineReader(packed), 200_000):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MIB


def test_long_lines_of_small_events_wait_for_their_answers_in_bounded_memory(tmp_path: Path) -> None:
    padded = b'{"t":"2025-01-01","id":%d' + b" " * (2 * MIB) + b"}\n"
    data = gzip.compress(b"".join(padded % number for number in range(50)), 1)
    tracemalloc.start()
    fed(data, tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 80 * MIB


def test_names_that_are_long_and_many_do_not_fill_the_memory() -> None:
    fresh = mapper()
    tracemalloc.start()
    for number in range(32):
        fresh.event({"t": "2025-01-01", f"{number}" + "x" * (MIB // 4): "1"})
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left < 2 * MIB


def test_a_file_of_somebody_else_is_not_read_to_tell_that_it_is_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'{"line": 1}' + bytes(64 * MIB))
    tracemalloc.start()
    RejectFile(path).close()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert path.exists()
    assert peak < MIB


LIMITED = """
import resource, sys
from pathlib import Path
from wavetank.scenarios.workload.ndjson import LineReader
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + int(sys.argv[1]),) * 2)
print(sum(1 for _ in LineReader(sys.stdin.buffer)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the size of a process is asked of Linux")
def test_a_line_far_over_the_memory_there_is_is_one_rejected_line() -> None:
    packed = gzip.compress(bytes(128 * MIB), 1)
    program = [sys.executable, "-c", LIMITED, str(5 * MAX_LINE_BYTES)]
    done = subprocess.run(program, input=packed, capture_output=True, check=False)
    assert (done.stdout.strip(), done.returncode) == (b"1", 0), done.stderr[-500:]
