"""The matrix of races follows from what was recorded: who meets at an object races, at each call, at both moments."""

from collections import Counter
from typing import Any

import pytest

from wavetank.emulator.faults.model import document
from wavetank.emulator.faults.parse import parse
from wavetank.scenarios.exploration.races.cells import Cell, Moment, Recorded, RecordedCall, matrix, spread


def match(operation: str, **given: str) -> dict[str, str]:
    return {"caller": "f", "service": "s3", "operation": operation, "resource": "b", "key": "", "prefix": ""} | given


def call(operation: str, times: int = 1, **given: str) -> RecordedCall:
    return RecordedCall(match(operation, **given), times)


WRITES = call("PutObject", key="parts/1/p.avro")


@pytest.mark.parametrize(
    ("other", "meets"),
    [
        (call("PutObject", key="parts/1/p.avro"), True),
        (call("GetObject", key="parts/1/p.avro"), True),
        (call("DeleteObject", key="parts/1/p.avro"), True),
        (call("ListObjectsV2", prefix="parts/1/"), True),
        (call("ListObjectsV2", prefix=""), True),
        (call("GetObject", key="parts/1/q.avro"), False),
        (call("GetObject", key="parts/1/p"), False),
        (call("ListObjectsV2", prefix="parts/2/"), False),
        (call("GetObject", key="parts/1/p.avro", resource="other"), False),
    ],
)
def test_a_write_meets_who_reads_writes_or_lists_its_object(other: RecordedCall, meets: bool) -> None:
    assert (WRITES.meets(other), other.meets(WRITES)) == (meets, meets)


def test_two_who_only_read_do_not_race() -> None:
    reads = call("GetObject", key="k")
    assert not reads.meets(reads)
    assert not Recorded((reads,)).races(Recorded((reads, call("ListObjectsV2"))))


def test_two_senders_to_a_queue_race() -> None:
    sends = call("SendMessageBatch", service="sqs", resource="q")
    assert sends.meets(sends)
    assert sends.meets(call("GetQueueAttributes", service="sqs", resource="q"))


def test_who_is_made_to_work_counts_but_is_not_stopped() -> None:
    planner, other = Recorded((call("ListObjectsV2", prefix="ids/"),), (WRITES,)), Recorded((WRITES,))
    cells = matrix({"planner": planner, "other": other}, str)
    assert {cell.name for cell in cells if cell.first == "planner"} == {"ListObjectsV2 ids/"}
    assert ("planner", "other") in {cell.pair for cell in cells}


def test_each_call_is_stopped_at_both_moments_and_numbers_do_not_depend_on_the_order_of_the_recording() -> None:
    calls = (call("PutObject", key="b", times=2), call("PutObject", key="a"), call("ListObjectsV2"))
    cells = matrix({"x": Recorded(calls)}, str)
    assert cells == matrix({"x": Recorded(calls[::-1])}, str)
    assert [cell.number for cell in cells] == list(range(1, len(cells) + 1))
    assert Counter(cell.name for cell in cells) == {
        "ListObjectsV2 b": 2,
        "PutObject a": 2,
        "PutObject b": 2,
        "PutObject b #2": 2,
    }


@pytest.mark.parametrize("moment", Moment)
def test_a_cell_is_a_fault_that_stops_one_call(moment: Moment) -> None:
    cell = Cell(1, "a", "b", match("PutObject", key="date=1/hour=2/x.avro"), nth=3, moment=moment, name="")
    fault = parse(document(cell.fault()), "x")
    assert fault.when.nth == frozenset({3})
    assert str(fault.action) == f"hold-{moment}"
    assert fault.matches(cell.match)


def test_what_a_budget_cuts_off_is_of_every_pair() -> None:
    calls = tuple(call("PutObject", key=f"k{number:02}") for number in range(20))
    recorded: dict[str, Any] = {"x": Recorded(calls), "y": Recorded(calls[:3])}
    cells = matrix(recorded, str)
    ordered = list(spread(cells))
    assert sorted(cell.number for cell in ordered) == [cell.number for cell in cells]
    assert {cell.pair for cell in ordered[: len(ordered) // 4]} == {cell.pair for cell in cells}
