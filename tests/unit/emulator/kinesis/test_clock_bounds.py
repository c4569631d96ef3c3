"""Streams work, and are exported and imported, for as long as the emulator's clock runs."""

from datetime import UTC, datetime

import pytest

from tests.unit.emulator.kinesis.service import Service
from wavetank.emulator.kinesis.state import export_state, import_state
from wavetank.emulator.kinesis.store import CREATIONS, EPOCHS
from wavetank.emulator.runtime.clock import CLOCK, END, MARGIN_S

YEAR_4147 = datetime(4147, 1, 1, tzinfo=UTC).timestamp()
"""Seconds that need more than the 36 bits that an epoch has in a sequence number."""


@pytest.mark.parametrize("now", [YEAR_4147, END - MARGIN_S - 60])
def test_streams_work_at_any_time_that_the_clock_can_tell(
    kinesis: Service, monkeypatch: pytest.MonkeyPatch, now: float
) -> None:
    monkeypatch.setattr(CLOCK, "_offset", CLOCK.offset + now - CLOCK.now())
    for numbers in (EPOCHS, CREATIONS):
        monkeypatch.setattr(numbers, "_last", numbers._last)
    kinesis.create("s")
    kinesis.call("IncreaseStreamRetentionPeriod", StreamName="s", RetentionPeriodHours=8760)
    first = kinesis.call("PutRecord", StreamName="s", Data=b"a", PartitionKey="k")["SequenceNumber"]
    kinesis.call("SplitShard", StreamName="s", ShardToSplit="0", NewStartingHashKey=str(2**127))
    second = kinesis.call("PutRecord", StreamName="s", Data=b"b", PartitionKey="k")["SequenceNumber"]
    assert int(first) < int(second)
    where = {"StreamName": "s", "ShardId": "0", "ShardIteratorType": "AT_SEQUENCE_NUMBER"}
    iterator = kinesis.call("GetShardIterator", StartingSequenceNumber=first, **where)["ShardIterator"]
    record = kinesis.call("GetRecords", ShardIterator=iterator)["Records"][0]
    assert (record["Data"], record["ApproximateArrivalTimestamp"].year) == (b"a", datetime.fromtimestamp(now, UTC).year)
    state = export_state()
    import_state(state)
    assert export_state() == state
    assert kinesis.call("ListStreams")["StreamNames"] == ["s"]
