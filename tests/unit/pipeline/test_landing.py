"""Whatever the gate and the processor accept is at rest in the end, equal, and can be queried: any schema, any bytes.

FUZZ_CASES says how many generated event types, FUZZ_SEED from which seed on; `make fuzz` takes ten thousand.
One case by its seed: `FUZZ_SEED=4711 FUZZ_CASES=1 pytest -s tests/unit/pipeline/test_landing.py`.
"""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from tests.unit.pipeline.landing import RECORDS, Case, Landed
from wavetank.scenarios.exploration.storm.shrink import smallest

CASES = int(os.environ.get("FUZZ_CASES", "200"))
FIRST = int(os.environ.get("FUZZ_SEED", "0"))
COUNTEREXAMPLES = {
    3: "an optional duration",
    6: "defaults that fastavro takes for wrong",
    108: "nulls in lists within lists",
    115: "a map of nulls in a record",
    173: "an enumeration in lists within lists, all of them empty",
    6708: "a version between that cannot be at rest",
}
"""Seeds of cases that failed once, with more records, and of what."""
MORE_RECORDS = 7


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


def hold(seed: int, database: duckdb.DuckDBPyConnection, landed: Landed, records: int = RECORDS) -> None:
    """Hold a case; where it fails, say with which fields alone it does."""

    def failure(only: Sequence[int] | None) -> Exception | None:
        with TemporaryDirectory() as folder:
            try:
                Case(seed, Path(folder), database, landed if only is None else Landed(), only, records).hold()
            except Exception as error:
                return error
        return None

    failed = failure(None)
    if failed is None:
        return
    case = Case(seed, Path(), database, landed)
    fields = smallest(case.schemas.fields, lambda some: failure(some) is not None)
    least = Case(seed, Path(), database, landed, fields).schemas
    schemas = "\n".join(json.dumps(document) for document in (*least.raw, *least.processed))
    raise AssertionError(f"FUZZ_SEED={seed} FUZZ_CASES=1, with the fields {fields} alone:\n{schemas}") from (
        failure(fields) or failed
    )


def test_what_gate_and_processor_accept_is_at_rest_equal_and_can_be_queried(
    database: duckdb.DuckDBPyConnection,
) -> None:
    landed = Landed()
    print(f"seeds {FIRST} to {FIRST + CASES - 1}")  # noqa: T201
    for seed in range(FIRST, FIRST + CASES):
        hold(seed, database, landed)
    print(landed)  # noqa: T201
    if CASES >= 100:
        # Most event types are accepted, and most records: otherwise nothing is shown.
        counts = landed.counts
        assert counts["event types"] > counts["event types refused"]
        assert counts["fitting: taken"] > 2 * CASES
        assert counts["at rest"] > 3 * CASES
        assert counts["damaged: taken"] > CASES // 10
        assert counts["any: taken"] > CASES // 4
        assert counts["queries over two versions"] > CASES // 20


@pytest.mark.parametrize("seed", COUNTEREXAMPLES, ids=COUNTEREXAMPLES.get)
def test_a_case_that_failed_once_holds(seed: int, database: duckdb.DuckDBPyConnection) -> None:
    hold(seed, database, Landed(), MORE_RECORDS)
