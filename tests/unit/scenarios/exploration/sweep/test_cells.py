"""The cells of a sweep follow from what was recorded: a call that is new in a recording is swept by itself."""

from collections import Counter
from typing import Any

import pytest

from wavetank.emulator.faults.model import Fault, document
from wavetank.emulator.faults.parse import parse
from wavetank.emulator.faults.points import Action, Point
from wavetank.scenarios.exploration.sweep.cells import (
    COLD_ID,
    ID,
    CallSite,
    Cell,
    Mode,
    call_sites,
    cells,
    left_alone_by,
)


def call(operation: str, times: int = 1, **said: str) -> dict[str, Any]:
    match = {"caller": "wavetank-f", "service": "s3", "operation": operation, "resource": "b", "key": "", "prefix": ""}
    return {"match": match | said, "times": times}


def test_every_call_that_was_recorded_is_swept_in_every_mode() -> None:
    recorded = [call("GetObject", key="a"), call("PutObject", key="b"), call("PutObject", key="c")]
    planned = cells(call_sites(recorded, recorded))
    assert Counter(cell.call_site.name for cell in planned) == {
        "GetObject a": len(Mode),
        "PutObject b": len(Mode),
        "PutObject c": len(Mode),
    }


def test_of_a_call_that_is_made_again_the_first_and_the_last_that_surely_comes_are_swept() -> None:
    assert [site.number for site in call_sites([call("PutObject", times=5)], [call("PutObject", times=3)])] == [1, 3]


def test_of_a_call_that_only_reads_the_first_is_swept() -> None:
    for operation in ("GetObject", "ListObjectsV2", "HeadObject"):
        assert [site.number for site in call_sites([call(operation, times=5)], [call(operation, times=5)])] == [1]


def test_a_call_that_only_a_new_process_makes_is_swept_in_a_new_process() -> None:
    [cold, warm] = call_sites([call("ListObjects"), call("PutObject")], [call("PutObject")])
    assert (cold.cold, warm.cold) == (True, False)
    assert [fault.id for fault in Cell(cold, Mode.ERROR_BEFORE).faults()] == [ID, COLD_ID]
    assert [fault.id for fault in Cell(warm, Mode.ERROR_BEFORE).faults()] == [ID]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("service", ["s3", "kinesis", "sns"])
def test_what_a_cell_sets_is_a_fault_that_strikes_one_call(mode: Mode, service: str) -> None:
    site = CallSite(dict(call("PutObject", service=service)["match"]), 2)
    [fault] = Cell(site, mode).faults()
    assert parse(document(fault), "x").when.nth == frozenset({2})
    assert dict(fault.match) == site.match


def test_a_site_is_named_by_what_it_is_about() -> None:
    assert CallSite(call("ListObjectsV2", prefix="parts/")["match"], 1).name == "ListObjectsV2 parts/"
    assert CallSite(call("PutRecords")["match"], 2).name == "PutRecords b #2"


def test_where_a_call_did_not_come_an_earlier_one_of_a_new_process_is_swept() -> None:
    cell = Cell(CallSite(call("PutObject")["match"], 7), Mode.CRASH_AFTER)
    sooner = cell.sooner()
    assert [fault.id for fault in sooner.faults()] == [ID, COLD_ID]
    numbers = [cell.call_site.number for cell in (sooner, sooner.sooner(), sooner.sooner().sooner())]
    assert numbers == [3, 1, 1]


def test_a_call_that_a_course_lets_fail_all_the_time_is_not_swept_in_it() -> None:
    no_way_out = Fault("no-way-out", Point.AWS_CALL, Action.ERROR_BEFORE, {"operation": "PutRecords", "resource": "b"})
    untold = Fault("untold", Point.S3_NOTIFICATION, Action.DROP)
    recorded = [call("PutRecords", times=7), call("PutRecords", resource="other"), call("PutObject")]
    found = call_sites(recorded, recorded)
    left = left_alone_by([no_way_out, untold], found)
    assert [site.name for site in left] == ["PutRecords other", "PutObject b"]
    assert left_alone_by([untold], found) == found
