"""A trace says of any evidence where the event has been, in the order of the flow, and one fate."""

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.scenarios.commands.observability.trace import in_words
from wavetank.scenarios.observability.log_lines import LineParser, LogLine
from wavetank.scenarios.observability.trace.assembly import assemble, is_about
from wavetank.scenarios.observability.trace.model import (
    Evidence,
    Fate,
    Hop,
    InChunk,
    Indexed,
    InFile,
    InQuarantine,
    OnStream,
    Trace,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
PARTITION, EARLIER = (f"event=click/date=2026-01-31/hour={hour}/bucket=01" for hour in (12, 11))
PART, OLDER_PART = f"parts/{PARTITION}/a.avro", f"parts/{EARLIER}/b.avro"
NOTHING = Evidence("click", "c-1", NOON - timedelta(days=1))


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def line(minutes: float, request: str = "r", message: str = "invocation", **fields: Any) -> LogLine:
    text = json.dumps({"level": "INFO", "message": message, "requestId": request, "event_type": "click", **fields})
    return LineParser("f").parse({"timestamp": at(minutes).timestamp() * 1000, "message": text})


RAW = OnStream("raw", "shard-1", "70", at(0))
AGGREGATED = OnStream("raw", "shard-1", "70.2", at(0))
PROCESSED = OnStream("processed", "shard-0", "71", at(1))
CHUNK = InChunk("chunks/click/x", 18, at(2), is_done=True)
IN_PART = InFile(PART, PARTITION, 3, at(3), 0, "same", CHUNK.key)
IN_OLDER = replace(IN_PART, key=OLDER_PART, partition=EARLIER)
MERGED = InFile(f"avro/{PARTITION}/events.avro", PARTITION, 0, at(9), 0, "same")
INDEX = Indexed(PARTITION, frozenset({PART}), at(9))
ASIDE = InQuarantine("q", "invalid", "is wrong\nat line 3", "process", "arn/raw", "70", at(0))
BATCH: dict[str, Any] = {"shard": "shard-1", "first_sequence": "60", "last_sequence": "80", "received": 9}


def whole(**changes: Any) -> Evidence:
    evidence = replace(
        NOTHING,
        raw=(RAW,),
        processed=(PROCESSED,),
        chunks=(CHUNK,),
        parts=(IN_PART,),
        merged=(MERGED,),
        indexed=(INDEX,),
        lines=(
            line(1, "p", processed=8, dropped=1, **BATCH),
            line(3, "c", chunk=CHUNK.key, events=8, parts=2),
            line(9, "m", partition=PARTITION, merged=8),
        ),
    )
    return replace(evidence, **changes)


def hops(trace: Trace) -> list[Hop]:
    return [step.hop for step in trace.steps]


def test_a_whole_way_is_told_hop_by_hop_with_who_did_it() -> None:
    trace = assemble(whole())
    assert (trace.fate, trace.untold) == (Fate.LANDED, ())
    assert hops(trace) == [
        Hop.RAW,
        Hop.PROCESSOR,
        Hop.PROCESSED,
        Hop.CHUNK,
        Hop.PARTITIONER,
        Hop.PART,
        Hop.CONCATENATOR,
        Hop.MERGED,
    ]
    assert trace.requests == {"p", "c", "m"}
    assert json.loads(json.dumps(trace.document()))["fate"] == "landed"


def test_with_which_reference_data_an_event_was_enriched_is_told_at_each_place_behind_the_processor() -> None:
    seen = (
        replace(PROCESSED, enriched_as_of=70),
        replace(IN_PART, enriched_as_of=70),
        replace(MERGED, enriched_as_of=70),
    )
    processed, part, merged = seen
    trace = assemble(whole(processed=(processed,), parts=(part,), merged=(merged,)))
    told = {step.hop for step in trace.steps if step.enriched_as_of == 70}
    assert told == {Hop.PROCESSED, Hop.PART, Hop.MERGED}
    lines = [line for line in in_words(trace) if "enriched as of 1970-01-01T00:00:00.000070Z" in line]
    assert len(lines) == len(told)
    assert not any("enriched" in line for line in in_words(assemble(whole())))


def test_a_copy_that_was_enriched_later_is_told_to_be_left_out_for_that() -> None:
    later = replace(IN_PART, content="another", enriched_as_of=90)
    trace = assemble(whole(parts=(later,), merged=(replace(MERGED, enriched_as_of=0),)))
    (note,) = [step.note for step in trace.steps if step.hop is Hop.PART]
    assert note == "left out: the copy that was enriched with earlier reference data is kept"
    assert any("enriched as of the beginning" in line for line in in_words(trace))


def test_what_the_log_does_not_tell_is_said() -> None:
    untold = assemble(whole(lines=())).untold
    assert [sentence.split(":")[0] for sentence in untold] == ["processor", "partitioner", "concatenator"]
    gone = assemble(whole(raw=(), processed=(), chunks=(), parts=())).untold
    assert [sentence.split(":")[0] for sentence in gone] == ["raw stream", "processed stream", "chunk", "part"]


@pytest.mark.parametrize(
    ("changes", "fate", "reason"),
    [
        ({"merged": (), "indexed": ()}, Fate.UNDER_WAY, f"{PART} waits for its merge"),
        ({"merged": ()}, Fate.LOST, f"{PART}: merged, and not in the merged file"),
        ({"merged": (), "parts": (), "indexed": ()}, Fate.LOST, "chunks/click/x was partitioned, and no part has it"),
        (
            {"merged": (), "parts": (), "indexed": (), "chunks": (replace(CHUNK, is_done=False),)},
            Fate.UNDER_WAY,
            "the notification was lost",
        ),
        ({"merged": (), "parts": (), "indexed": (), "chunks": ()}, Fate.UNDER_WAY, "in no chunk yet"),
        ({"merged": (), "parts": (), "late": (IN_PART,)}, Fate.LATE, "left the look-back"),
        ({"merged": (), "parts": (), "quarantine": (ASIDE,)}, Fate.QUARANTINED, "by the process stage as invalid"),
        ({"quarantine": (ASIDE,)}, Fate.LANDED, PARTITION),
    ],
)
def test_a_way_that_ends_says_where_and_why(changes: dict[str, Any], fate: Fate, reason: str) -> None:
    trace = assemble(whole(**changes))
    assert trace.fate is fate
    assert reason in trace.reason


@pytest.mark.parametrize(
    ("lines", "aside", "fate"),
    [
        ((), (), Fate.UNDER_WAY),
        ((line(1, processed=8, dropped=1, **BATCH),), (), Fate.DROPPED),
        ((line(1, processed=9, dropped=0, **BATCH),), (), Fate.LOST),
        ((line(1, processed=7, quarantined=2, dropped=0, **BATCH),), (), Fate.LOST),
        ((line(1, processed=0, dropped=0, **BATCH),), (), Fate.UNDER_WAY),
        ((line(1, processed=8, dropped=1, **BATCH),), (ASIDE,), Fate.QUARANTINED),
        ((line(1, processed=8, dropped=1, **BATCH | {"shard": "shard-2"}),), (), Fate.UNDER_WAY),
        ((line(1, processed=8, dropped=1, **BATCH | {"last_sequence": "69"}),), (), Fate.UNDER_WAY),
        ((line(1, processed=8, dropped=1, **BATCH | {"first_sequence": None}),), (), Fate.UNDER_WAY),
    ],
)
def test_an_event_on_the_raw_stream_alone_is_judged_by_its_batch(
    lines: tuple[LogLine, ...], aside: tuple[InQuarantine, ...], fate: Fate
) -> None:
    for record in (RAW, AGGREGATED):
        assert assemble(replace(NOTHING, raw=(record,), lines=lines, quarantine=aside[:1])).fate is fate


def test_a_dropped_event_has_the_reasons_of_its_invocation() -> None:
    lines = (
        line(1, "p", processed=8, dropped=1, **BATCH),
        line(1, "p", message="dropped", reason="robot"),
        line(1, "other", message="dropped", reason="test"),
    )
    trace = assemble(replace(NOTHING, raw=(RAW,), lines=lines))
    assert trace.reason.endswith("on purpose: robot")
    assert hops(trace) == [Hop.RAW, Hop.PROCESSOR, Hop.DROPPED]


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({}, "merged"),
        ({"indexed": ()}, "not merged yet"),
        ({"merged": (replace(MERGED, content="other", time_us=-1),)}, "the earlier event time"),
        ({"merged": (replace(MERGED, content="other"),)}, "another version"),
        ({"indexed": (replace(INDEX, left_out={PART: (3,)}),)}, "could not be merged"),
        ({"indexed": (replace(INDEX, left_out={PART: ()}, inputs=frozenset()),)}, "could not be merged"),
        ({"indexed": (replace(INDEX, left_out={PART: (4,)}),)}, "merged"),
    ],
)
def test_a_part_says_what_became_of_its_record(changes: dict[str, Any], note: str) -> None:
    [step] = [step for step in assemble(whole(**changes)).steps if step.hop is Hop.PART]
    assert note in step.note


def test_a_copy_of_another_hour_names_the_partition_that_has_it() -> None:
    indexed = (INDEX, replace(INDEX, partition=EARLIER, inputs=frozenset({OLDER_PART})))
    merged = (replace(MERGED, partition=EARLIER),)
    before = {PARTITION: frozenset({EARLIER}), EARLIER: frozenset[str]()}
    evidence = whole(parts=(IN_PART, IN_OLDER), indexed=indexed, merged=merged, partitions_before=before)
    notes = {step.place: step.note for step in assemble(evidence).steps if step.hop is Hop.PART}
    assert notes == {PART: f"left out: a copy of the one in {EARLIER}", OLDER_PART: "merged"}
    elsewhere = replace(evidence, indexed=(INDEX, replace(indexed[1], has_event=False)))
    assert "not in the merged file" in next(s.note for s in assemble(elsewhere).steps if s.place == PART)


def test_a_merge_before_its_part_was_there_is_not_about_it() -> None:
    assert not is_about(line(2, partition=PARTITION), whole())
    assert is_about(line(4, partition=PARTITION), whole())
    assert is_about(line(2, partition=PARTITION), whole(parts=()))


def test_a_merge_before_the_event_was_on_its_stream_is_not_about_it() -> None:
    chunk = f"chunks/click/wavetank-click-1-{at(60):%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}"
    processed = replace(PROCESSED, arrived=at(60.5))
    ahead = whole(parts=(replace(IN_PART, chunk=chunk),), processed=(PROCESSED, processed))
    assert [is_about(line(minutes, partition=PARTITION), ahead) for minutes in (4, 60.2, 61)] == [False, False, True]
    unread = replace(ahead, processed=())
    assert [is_about(line(minutes, partition=PARTITION), unread) for minutes in (59, 60.2)] == [False, True]


@given(st.data())
def test_any_evidence_has_one_fate_and_its_steps_in_the_order_of_the_flow(data: st.DataObject) -> None:
    full = whole(late=(IN_OLDER,), quarantine=(ASIDE,))
    names = ("raw", "processed", "chunks", "parts", "late", "merged", "indexed", "quarantine", "lines")
    kept = data.draw(st.sets(st.sampled_from(names)))
    evidence = replace(NOTHING, **{name: getattr(full, name) for name in kept})
    trace = assemble(evidence)
    order = list(Hop)
    assert [order.index(hop) for hop in hops(trace)] == sorted(order.index(hop) for hop in hops(trace))
    assert (trace.fate is Fate.UNSEEN) == evidence.is_empty
    assert (trace.fate is Fate.LANDED) == bool(evidence.merged)
    assert trace.reason
