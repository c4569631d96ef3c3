"""Every shape has its events at the edge that it is named after, the same ones for the same seed."""

import unicodedata
from collections import Counter
from datetime import UTC, datetime
from hashlib import md5

import pytest

from wavetank.emulator.stack.home import project_root
from wavetank.pipeline import topology
from wavetank.scenarios.client.batches import MAX_KEY_CHARACTERS, MAX_RECORD_BYTES
from wavetank.scenarios.client.producer import routes
from wavetank.scenarios.client.wire import encode_frame, newest_schema
from wavetank.scenarios.oracle.at_rest import HOUR_US, Model
from wavetank.scenarios.workload.sending import Envelope
from wavetank.scenarios.workload.shapes.base import Base
from wavetank.scenarios.workload.shapes.catalogue import NAMES, SHAPES, UnknownShapeError, interleaved, shaped
from wavetank.scenarios.workload.shapes.contents import STRING_BYTES
from wavetank.scenarios.workload.shapes.moments import COPIES, EPOCH_US
from wavetank.scenarios.workload.source import draw
from wavetank.scenarios.workload.synthetic import EventType, WorkloadEvent
from wavetank.scenarios.workload.workload import EVERY_SHAPE, FAR_APART, Workload

SCHEMAS = project_root() / "schemas"
DEFINITIONS = {name: route.schema.definition for name, route in routes(topology.load(SCHEMAS)).items()}
START_US = int(datetime(2019, 11, 24, 22, tzinfo=UTC).timestamp()) * 1_000_000
BASE = Base(7, START_US, DEFINITIONS)


def events(name: str) -> list[WorkloadEvent]:
    (of_shape,) = shaped([name], BASE)
    return list(of_shape)


@pytest.mark.parametrize("name", NAMES)
def test_a_shape_gives_the_same_usual_events_for_the_same_seed_and_says_what_it_is_for(name: str) -> None:
    assert events(name) == events(name)
    assert {event.event_type for event in events(name)} <= set(EventType)
    assert SHAPES[name].mistake.endswith(".")


@pytest.mark.parametrize("seed", [1, 2])
def test_no_two_events_have_one_type_and_id_but_the_copies(seed: int) -> None:
    drawn = draw(Workload(events=60, shapes=NAMES), seed, DEFINITIONS).events
    times = Counter((event.event_type, event.event_id) for event in drawn)
    repeated = {event_id for (_, event_id), number in times.items() if number > 1}
    assert len(repeated) == len(COPIES)
    assert all(event_id.startswith("copy-") for event_id in repeated)


def test_every_shape_is_a_few_hundred_events_in_a_few_hours() -> None:
    drawn = draw(EVERY_SHAPE, 3, DEFINITIONS).events
    assert 240 <= len(drawn) <= 450
    assert set(EVERY_SHAPE.shapes) | set(FAR_APART) == set(NAMES)
    partitions = {Model(2).partition_of(event.event_type, event.event_id, event.time_us) for event in drawn}
    assert len(partitions) <= 12


def test_the_docs_have_a_line_for_every_shape() -> None:
    page = (project_root() / "docs" / "drills.md").read_text("utf-8")
    assert [name for name in NAMES if f"| `{name}` |" not in page] == []


def test_a_shape_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownShapeError, match="no shape round; there are: ids, "):
        shaped(["ids", "round"], BASE)


def test_shapes_are_dealt_among_each_other_and_each_keeps_its_order() -> None:
    several = shaped(["ids", "copies"], BASE)
    mixed = interleaved(BASE, several)
    assert [event for event in mixed if event in several[0]] == list(several[0])
    assert [event for event in mixed if event in several[1]] == list(several[1])
    assert mixed[: len(several[0])] != list(several[0])


def test_ids_differ_by_nothing_but_what_a_careless_comparison_drops() -> None:
    ids = [event.event_id for event in events("ids")]
    assert len(set(ids)) == len(ids)
    for fold in (str.lower, str.casefold, str.strip, lambda text: unicodedata.normalize("NFKC", text)):
        assert len({fold(event_id) for event_id in ids}) < len(ids)
    assert {1, 500} <= {len(event_id.encode()) for event_id in ids}
    assert len({event_id[:MAX_KEY_CHARACTERS] for event_id in ids}) < len(ids)
    assert len({md5(event_id.encode()).digest()[:6] for event_id in ids}) == len(ids) - 1


def test_times_are_a_microsecond_before_a_border_at_it_and_after_it() -> None:
    shown = [event.time_us for event in events("times") if event.event_type == EventType.IMPRESSION]
    assert [time_us % HOUR_US for time_us in shown] == [HOUR_US - 1, 0, 1]
    assert {event.time_us % 1_000 for event in events("times") if event.event_type == EventType.CLICK} == {0}


def test_the_calendar_begins_with_the_year_1_and_has_the_epoch_and_a_leap_day() -> None:
    assert [event.time_us for event in events("calendar")][:3] == [EPOCH_US - 1, EPOCH_US, EPOCH_US + 1]
    days = {Model(2).partition_of("impression", "x", event.time_us).date for event in events("calendar")}
    assert days == {"0001-01-01", "1969-12-31", "1970-01-01", "2016-12-31", "2017-01-01", "2020-02-29", "2020-03-01"}


def test_copies_have_equal_earlier_and_later_times_within_the_look_back_and_out_of_it() -> None:
    hours = {name: [after_us // HOUR_US for after_us, _ in of_one] for name, of_one in COPIES.items()}
    differences = {hour - others[0] for others in hours.values() for hour in others[1:]}
    assert {0, 1, 12, 13, -12, -13} <= differences
    assert any(len(set(of_one)) == 1 for of_one in COPIES.values())


def test_values_have_null_in_every_column_and_in_each() -> None:
    shown = [event.record for event in events("values") if event.event_type == EventType.IMPRESSION]
    columns = {field["name"] for field in DEFINITIONS["impression"]["fields"]} - {"event_id", "event_time"}
    absent = [columns - record.keys() for record in shown]
    assert columns in absent
    assert all({column} in absent for column in columns)


def test_sizes_fill_a_record_of_the_processed_stream_with_its_key_to_the_last_byte() -> None:
    processed = newest_schema(SCHEMAS / "impression", "processed")
    *_, full, wide = events("sizes")
    for event, short_of in ((full, 0), (wide, 1)):
        frame = encode_frame(processed, {**event.record, "enriched_as_of": 0})
        assert len(frame) + len(event.event_id.encode()) == MAX_RECORD_BYTES - short_of
    assert len(wide.event_id) < MAX_KEY_CHARACTERS < len(wide.event_id.encode())
    attributes = [event.record["attributes"] for event in events("sizes")[1:-2]]
    assert attributes == [{"text": "x" * length} for length in STRING_BYTES]


def test_events_come_in_every_envelope_alone_and_packed_and_in_both_versions() -> None:
    ways = {(event.sending.envelope, event.sending.packed) for event in events("envelopes")}
    assert ways == {(envelope, packed) for envelope in Envelope for packed in (False, True)}
    by_version = {event.sending.version: event.record.keys() for event in events("versions")}
    assert by_version.keys() == {0, 1}
    assert by_version[0] - by_version[1] == {"items"}
