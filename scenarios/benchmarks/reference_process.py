"""A process that writes or reads a snapshot of a million rows, and nothing else: its memory is that of this work.

    python -m wavetank.scenarios.benchmarks.reference_process write|read PATH ROWS

It prints its figures as JSON. Rows are campaigns: a text key, a text with few values, a decimal, an int, a date and a
text that is mostly NULL.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from wavetank.pipeline.reference.snapshot import Snapshot, write
from wavetank.pipeline.reference.table import Column, ColumnType, Key, Table, Value

COLUMNS = {
    "campaign": "string",
    "advertiser": "string",
    "budget": "decimal(12, 2)",
    "clicks": "int",
    "starts": "date",
    "note": "string",
}
TABLE = Table(tuple(Column(name, ColumnType.parse(text)) for name, text in COLUMNS.items()), ("campaign",))
ADVERTISERS = 500
KEYS = 100_000
"""Keys that are looked up in turn, in an order of chance: most of them are in no cache of the processor."""
ROUNDS = 7
KIB = 1024


def campaign(number: int) -> str:
    """The key of a row; those of rows that follow each other are far apart."""
    return f"campaign-{number * 7_919 % 100_000_007:09}"


def rows(count: int) -> Iterator[tuple[Value, ...]]:
    """So many rows."""
    from decimal import Decimal

    for number in range(count):
        budget = Decimal(number * 37 % 10**9).scaleb(-2)
        note = None if number % 3 else "paused"
        yield campaign(number), f"advertiser {number % ADVERTISERS}", budget, number * 13, 18_000 + number % 900, note


def write_figures(path: Path, count: int) -> dict[str, float]:
    """Write the snapshot; seconds of processor time, which the making of the rows is no part of."""
    began = time.process_time()
    for _ in rows(count):
        pass
    made = time.process_time()
    with path.open("wb") as out:
        write(TABLE, rows(count), out)
    took = (time.process_time() - made) - (made - began)
    return {"written_per_s": count / took, "write_peak_mib": peak_mib()}


def read_figures(path: Path, count: int) -> dict[str, float]:
    """Read the snapshot as a processor does, all bytes in memory, and look rows up beside a dict of tuples."""
    began = time.perf_counter()
    snapshot = Snapshot(path.read_bytes())
    first = snapshot.find((campaign(0),))
    load_s = time.perf_counter() - began
    if first is None or len(snapshot) != count:
        raise SystemExit(f"{path} is no snapshot of {count} rows")
    load_peak_mib = peak_mib()
    keys: list[Key] = [(campaign(number),) for number in random.Random(1).sample(range(count), min(KEYS, count))]  # noqa: S311
    table: dict[Key, Sequence[Value]] = {(str(row[0]),): row[1:] for row in rows(count)}

    def row_of(key: Key) -> Any:
        row = snapshot.find(key)
        assert row is not None
        return row["advertiser"], row["budget"]

    look_ups, dict_look_ups, with_values = _per_s(snapshot.find, keys), _per_s(table.get, keys), _per_s(row_of, keys)
    return {
        "load_s": load_s,
        "load_peak_mib": load_peak_mib,
        "look_ups_per_s": look_ups,
        "dict_look_ups_per_s": dict_look_ups,
        "share_of_dict": look_ups / dict_look_ups,
        "rows_of_two_values_per_s": with_values,
    }


def peak_mib() -> float:
    """The most memory that the process has had, since its program began."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB / KIB
    return int(status.partition("VmHWM:")[2].split()[0]) / KIB


def _per_s(look: Callable[[Key], Any], keys: Sequence[Key]) -> float:
    """Look-ups in a second of processor time, of the fastest round."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for key in keys:
            look(key)
        best = min(best, time.process_time() - began)
    return len(keys) / best


if __name__ == "__main__":
    _, what, file, number_of_rows = sys.argv
    figures = (write_figures if what == "write" else read_figures)(Path(file), int(number_of_rows))
    sys.stdout.write(json.dumps(figures))
