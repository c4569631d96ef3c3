"""Container files are Avro, and the same bytes for the same bodies."""

from io import BytesIO

import fastavro
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import container
from pipeline.core.decode import encode
from tests.unit.pipeline.examples import PING, PING_V2, event

LABELS = st.lists(st.none() | st.text(max_size=30), max_size=40)


@given(LABELS)
def test_fastavro_reads_what_was_written(labels: list[str | None]) -> None:
    fields = [event(number, label=label) for number, label in enumerate(labels)]
    written = container.write(PING, [encode(each, PING) for each in fields])
    read = [record for record in fastavro.reader(BytesIO(written)) if isinstance(record, dict)]
    assert [record["label"] for record in read] == labels
    assert [record["event_id"] for record in read] == [each["event_id"] for each in fields]


@given(LABELS)
def test_reading_gives_back_the_bodies(labels: list[str | None]) -> None:
    bodies = [encode(event(number, label=label), PING) for number, label in enumerate(labels)]
    assert [stored.body for stored in container.read(container.write(PING, bodies), PING)] == bodies


def test_files_of_many_blocks_are_whole() -> None:
    bodies = [encode(event(number, label="x" * 500), PING) for number in range(1000)]
    written = container.write(PING, bodies)
    assert len(list(fastavro.block_reader(BytesIO(written)))) > 1
    assert [stored.body for stored in container.read(written, PING)] == bodies


def test_the_same_bodies_give_the_same_bytes() -> None:
    bodies = [encode(event(number), PING) for number in range(10)]
    assert container.write(PING, bodies) == container.write(PING, list(bodies))


def test_a_file_of_an_older_version_is_read_as_the_newest() -> None:
    written = container.write(PING, [encode(event(1), PING)])
    (stored,) = container.read(written, PING_V2)
    assert stored.event.fields == {**event(1), "score": None}
    assert stored.body == encode(stored.event.fields, PING_V2)


def test_times_keep_their_logical_type_for_readers() -> None:
    written = container.write(PING, [encode(event(1), PING)])
    (record,) = fastavro.reader(BytesIO(written))
    assert isinstance(record, dict)
    assert record["event_time"].isoformat() == "2019-11-24T12:00:00+00:00"
