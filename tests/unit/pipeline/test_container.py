"""Container files are Avro, and the same bytes for the same bodies."""

from io import BytesIO
from itertools import pairwise

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import batch, container
from pipeline.core.decode import encode
from pipeline.core.digests import Digests
from pipeline.core.marker import SYNC
from pipeline.core.parsed import Bodies
from pipeline.core.route import digest_of
from tests.unit.pipeline.examples import PING, PING_V2, bodies_in, contained, event, events_in

LABELS = st.lists(st.none() | st.text(max_size=30), max_size=40)


@given(LABELS)
def test_fastavro_reads_what_was_written(labels: list[str | None]) -> None:
    fields = [event(number, label=label) for number, label in enumerate(labels)]
    written = contained([encode(each, PING) for each in fields])
    read = [record for record in fastavro.reader(BytesIO(written)) if isinstance(record, dict)]
    assert [record["label"] for record in read] == labels
    assert [record["event_id"] for record in read] == [each["event_id"] for each in fields]


@given(LABELS)
def test_reading_gives_back_the_bodies(labels: list[str | None]) -> None:
    bodies = [encode(event(number, label=label), PING) for number, label in enumerate(labels)]
    assert bodies_in(contained(bodies)) == bodies


def test_files_of_many_blocks_are_whole() -> None:
    bodies = [encode(event(number, label="x" * 500), PING) for number in range(1000)]
    written = contained(bodies)
    assert len(list(fastavro.block_reader(BytesIO(written)))) > 1
    assert bodies_in(written) == bodies


def test_the_same_bodies_give_the_same_bytes() -> None:
    bodies = [encode(event(number), PING) for number in range(10)]
    assert contained(bodies) == contained(list(bodies))


def test_a_file_of_an_older_version_is_read_as_the_newest() -> None:
    written = contained([encode(event(1), PING)])
    (stored,) = events_in(written, PING_V2)
    assert stored.fields == {**event(1), "score": None}
    assert bodies_in(written, PING_V2) == [encode(stored.fields, PING_V2)]


def test_times_keep_their_logical_type_for_readers() -> None:
    written = contained([encode(event(1), PING)])
    (record,) = fastavro.reader(BytesIO(written))
    assert isinstance(record, dict)
    assert record["event_time"].isoformat() == "2019-11-24T12:00:00+00:00"


@given(LABELS, st.lists(st.integers(0, 40), max_size=5))
def test_how_bodies_come_in_batches_does_not_show(labels: list[str | None], cuts: list[int]) -> None:
    bodies = [encode(event(number, label=label and label * 400), PING) for number, label in enumerate(labels)]
    out = BytesIO()
    writer = container.Writer(out, PING)
    edges = [0, *sorted(min(cut, len(bodies)) for cut in cuts), len(bodies)]
    for first, end in pairwise(edges):
        writer.add(Bodies.of(bodies[first:end]))
    writer.close()
    assert out.getvalue() == contained(bodies)


@given(LABELS)
def test_a_part_is_an_avro_file_whose_index_knows_its_records(labels: list[str | None]) -> None:
    fields = [event(number, label=label) for number, label in enumerate(labels)]
    bodies = [encode(each, PING) for each in fields]
    ids = [each["event_id"].encode() for each in fields]
    part = container.part(PING, bodies, list(map(digest_of, ids)))
    read = [record for record in fastavro.reader(BytesIO(part)) if isinstance(record, dict)]
    assert [record["label"] for record in read] == labels
    (records,) = batch.read(part, PING)
    assert records.bodies.each() == bodies
    assert records.times.tolist() == [each["event_time"] for each in fields]
    assert [records.id_at(number) for number in range(len(ids))] == ids
    assert records.digests.packed() == Digests.of(ids).packed()


def test_every_damage_to_a_file_is_told_as_such_or_harmless() -> None:
    bodies = [encode(event(number), PING) for number in range(3)]
    part = container.part(PING, bodies, [digest_of(b"id-%d" % number) for number in range(3)])
    whole = [records.bodies.each() for records in batch.read(part, PING)]
    start = part.index(SYNC) + len(SYNC)
    for position in range(start, len(part)):
        damaged = part[:position] + bytes([part[position] ^ 0x80]) + part[position + 1 :]
        try:
            read = [records.bodies.each() for records in batch.read(damaged, PING)]
        except container.Damaged:
            continue
        assert [len(each) for each in read] == [len(each) for each in whole]


def test_what_is_no_container_file_is_refused() -> None:
    for data in (b"", b"Obj", b"Obj\x01", b"PAR1 something else"):
        with pytest.raises(container.Damaged):
            list(batch.read(data, PING))
