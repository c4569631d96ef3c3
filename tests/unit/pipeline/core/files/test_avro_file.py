"""Container files are Avro, and the same bytes for the same bodies."""

import json
import tracemalloc
import zlib
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pipeline.examples import PING, PING_V2, bodies_in, contained, event, events_in, schema
from wavetank.pipeline.core.bulk import batch
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.bulk.values import Bodies
from wavetank.pipeline.core.decode import encode
from wavetank.pipeline.core.files import avro_file
from wavetank.pipeline.core.files.avro_file import long_bytes
from wavetank.pipeline.core.marker import SYNC
from wavetank.pipeline.core.route import digest_of
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.core.sizes import Sizes
from wavetank.pipeline.records import Reason

WITHIN_ITSELF = {"type": "record", "name": "E", "fields": [{"name": "r", "type": "E"}]}
LABELS = st.lists(st.none() | st.text(max_size=30), max_size=40)


@given(LABELS)
def test_fastavro_reads_what_was_written(labels: list[str | None]) -> None:
    fields = [event(number, label=label) for number, label in enumerate(labels)]
    written = contained([encode(record, PING) for record in fields])
    read = [record for record in fastavro.reader(BytesIO(written)) if isinstance(record, dict)]
    assert [record["label"] for record in read] == labels
    assert [record["event_id"] for record in read] == [record["event_id"] for record in fields]


@given(LABELS)
def test_reading_gives_back_the_bodies(labels: list[str | None]) -> None:
    bodies = [encode(event(number, label=label), PING) for number, label in enumerate(labels)]
    assert bodies_in(contained(bodies)) == bodies


def test_files_of_many_blocks_are_whole() -> None:
    bodies = [encode(event(number, label="x" * 500), PING) for number in range(1000)]
    written = contained(bodies)
    assert len(list(fastavro.block_reader(BytesIO(written)))) > 1
    assert bodies_in(written) == bodies


@given(LABELS, st.integers(1, 400))
def test_a_block_ends_with_the_record_that_fills_it(labels: list[str | None], block_bytes: int) -> None:
    bodies = [encode(event(number, label=label), PING) for number, label in enumerate(labels)]
    out = BytesIO()
    writer = avro_file.Writer(out, PING, Sizes(block_bytes=block_bytes))
    for body in bodies:
        writer.add(Bodies.of([body]))
    writer.close()
    part = avro_file.part(PING, bodies, [digest_of(body) for body in bodies], Sizes(block_bytes=block_bytes))
    expected: list[list[bytes]] = []
    for body in bodies:
        if not expected or sum(map(len, expected[-1])) >= block_bytes:
            expected.append([])
        expected[-1].append(body)
    for data in (out.getvalue(), part):
        blocks = list(avro_file.opened(data, PING.event_type, PING.role).blocks())
        assert blocks == [(len(some), b"".join(some)) for some in expected]


def test_a_header_of_any_length_is_read() -> None:
    bodies = [encode(event(number), PING) for number in range(5_000)]
    part = avro_file.part(PING, bodies, [digest_of(b"id-%d" % number) for number in range(5_000)])
    assert part.index(SYNC) > 64 * 1024
    assert bodies_in(part) == bodies


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
    writer = avro_file.Writer(out, PING)
    edges = [0, *sorted(min(cut, len(bodies)) for cut in cuts), len(bodies)]
    for first, end in pairwise(edges):
        writer.add(Bodies.of(bodies[first:end]))
    writer.close()
    assert out.getvalue() == contained(bodies)


@given(LABELS)
def test_a_part_is_an_avro_file_whose_index_knows_its_records(labels: list[str | None]) -> None:
    fields = [event(number, label=label) for number, label in enumerate(labels)]
    bodies = [encode(record, PING) for record in fields]
    ids = [record["event_id"].encode() for record in fields]
    part = avro_file.part(PING, bodies, list(map(digest_of, ids)))
    read = [record for record in fastavro.reader(BytesIO(part)) if isinstance(record, dict)]
    assert [record["label"] for record in read] == labels
    (records,) = batch.read(part, PING)
    assert records.bodies.all() == bodies
    assert records.times.tolist() == [record["event_time"] for record in fields]
    assert [records.id_at(number) for number in range(len(ids))] == ids
    assert records.digests.packed() == Digests.of(ids).packed()


def test_every_damage_to_a_file_is_told_as_such_or_harmless() -> None:
    bodies = [encode(event(number), PING) for number in range(3)]
    part = avro_file.part(PING, bodies, [digest_of(b"id-%d" % number) for number in range(3)])
    whole = [records.bodies.all() for records in batch.read(part, PING)]
    start = part.index(SYNC) + len(SYNC)
    for position in range(start, len(part)):
        damaged = part[:position] + bytes([part[position] ^ 0x80]) + part[position + 1 :]
        try:
            read = [records.bodies.all() for records in batch.read(damaged, PING)]
        except avro_file.DamagedFile:
            continue
        assert [len(batch) for batch in read] == [len(batch) for batch in whole]


def test_what_is_no_container_file_is_refused() -> None:
    for data in (b"", b"Obj", b"Obj\x01", b"PAR1 something else"):
        with pytest.raises(avro_file.DamagedFile):
            list(batch.read(data, PING))


BODIES = [encode(event(number, label="x" * number), PING) for number in range(5)]
PART = avro_file.part(PING, BODIES, [digest_of(b"id-%d" % number) for number in range(5)])
MERGED = contained(BODIES)
SCHEMA = json.dumps(PING.definition).encode()
MIB = 1024 * 1024


def header(**entries: bytes) -> bytes:
    named = {key.replace("_", "."): value for key, value in entries.items()}
    pairs = b"".join(
        long_bytes(len(key)) + key.encode() + long_bytes(len(value)) + value for key, value in named.items()
    )
    return b"Obj\x01" + long_bytes(len(named)) + pairs + b"\x00" + SYNC


def block(data: bytes, count: int = len(BODIES), size: int | None = None) -> bytes:
    return long_bytes(count) + long_bytes(len(data) if size is None else size) + data + SYNC


def deflated(data: bytes) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return squeeze.compress(data) + squeeze.flush()


PLAIN = header(avro_schema=SCHEMA, avro_codec=b"null") + block(b"".join(BODIES))
ENDLESS = json.dumps({**PING.definition, "fields": [*PING.definition["fields"], {"name": "e", "type": WITHIN_ITSELF}]})


def indexed(packed: bytes) -> bytes:
    return header(avro_schema=SCHEMA, wavetank_index=packed) + block(b"".join(BODIES))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(header(avro_codec=b"null") + block(b""), id="no schema"),
        pytest.param(header(avro_schema=b"\xff") + block(b""), id="a schema that is no text"),
        pytest.param(header(avro_schema=b'{"type":') + block(b""), id="a schema that is no JSON"),
        pytest.param(header(avro_schema=b"[" * 100_000) + block(b""), id="a schema that is nested too deeply"),
        pytest.param(header(avro_schema=b'"string"') + block(b""), id="a schema of no event"),
        pytest.param(header(avro_schema=ENDLESS.encode()) + block(b""), id="a schema without values"),
        pytest.param(header(avro_schema=SCHEMA, avro_codec=b"snappy" * 1000), id="a codec that is not ours"),
        pytest.param(PLAIN[: PLAIN.index(SYNC)], id="no marker"),
        pytest.param(header(avro_schema=SCHEMA) + block(b"".join(BODIES), count=2**62), id="far too many records"),
        pytest.param(header(avro_schema=SCHEMA) + block(b"".join(BODIES), count=6), id="a record too many"),
        pytest.param(header(avro_schema=SCHEMA) + block(b"".join(BODIES), count=4), id="a record too few"),
        pytest.param(header(avro_schema=SCHEMA) + block(b"".join(BODIES), count=-1), id="a negative count"),
        pytest.param(header(avro_schema=SCHEMA) + block(b"", size=2**62), id="a size larger than the file"),
        pytest.param(header(avro_schema=SCHEMA) + block(b"", size=-1), id="a negative size"),
        pytest.param(header(avro_schema=SCHEMA) + b"\xff" * 30, id="a number without an end"),
        pytest.param(PLAIN[:-1] + b"!", id="another marker"),
        pytest.param(PLAIN[:-20], id="cut off"),
        pytest.param(PLAIN + b"\x02", id="something behind it"),
        pytest.param(header(avro_schema=SCHEMA) + block(b"\x02\xff" * 10), id="text that is not UTF-8"),
        pytest.param(
            header(avro_schema=SCHEMA, avro_codec=b"deflate") + block(deflated(b"".join(BODIES))[:-3]), id="deflate cut"
        ),
        pytest.param(
            header(avro_schema=SCHEMA, avro_codec=b"deflate") + block(deflated(b"".join(BODIES)) + b"more"),
            id="deflate and more",
        ),
        pytest.param(indexed(b"no base64!"), id="an index that is no base64"),
        pytest.param(indexed(b64encode(b"x" * 21)), id="an index cut off"),
        pytest.param(indexed(b64encode(b"\xff" * 20 * 5)), id="an index of other lengths"),
        pytest.param(indexed(b64encode(bytes(20 * 5))), id="an index of no lengths"),
        pytest.param(indexed(b""), id="an index of nothing"),
    ],
)
def test_a_damaged_file_is_told_as_such(data: bytes) -> None:
    with pytest.raises(avro_file.DamagedFile) as caught:
        list(batch.read(data, PING))
    assert len(str(caught.value)) < 500


def test_the_codec_null_is_read() -> None:
    assert bodies_in(PLAIN) == BODIES


@pytest.mark.parametrize("more", [{}, {"wavetank_index": b64encode(bytes(20 * 5))}], ids=["merged", "part"])
@pytest.mark.parametrize("blocks", [1, 40])
def test_what_a_block_unpacks_to_is_bounded(more: dict[str, bytes], blocks: int) -> None:
    bomb = block(deflated(bytes(64 * MIB // blocks)), count=1)
    data = header(avro_schema=SCHEMA, avro_codec=b"deflate", **more) + bomb * blocks
    tracemalloc.start()
    with pytest.raises(avro_file.DamagedFile):
        list(batch.read(data, PING))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 48 * MIB


def test_a_part_of_more_than_a_chunk_can_hold_is_damaged() -> None:
    claimed = b64encode((2**32 - 1).to_bytes(4, "little") + bytes(16))
    bomb = block(deflated(bytes(15 * MIB)), count=1)
    data = header(avro_schema=SCHEMA, avro_codec=b"deflate", wavetank_index=claimed) + bomb * 20
    tracemalloc.start()
    with pytest.raises(avro_file.DamagedFile):
        list(batch.read(data, PING))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 48 * MIB


POSITIONS = st.floats(0, 1)
"""Of a change in a file, as a share of its length."""
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("flip"), POSITIONS, st.integers(1, 255)),
        st.tuples(st.just("cut"), POSITIONS, st.integers(1, 40)),
        st.tuples(st.just("insert"), POSITIONS, st.binary(max_size=20)),
        st.tuples(st.just("number"), POSITIONS, st.integers(-(2**63), 2**63 - 1)),
        st.tuples(st.just("end"), POSITIONS, st.none()),
    ),
    min_size=1,
    max_size=3,
)


def changed(data: bytes, changes: list[tuple[str, float, Any]]) -> bytes:
    for kind, share, more in changes:
        at = int(share * len(data))
        match kind:
            case "flip":
                data = data[:at] + bytes(byte ^ more for byte in data[at : at + 1]) + data[at + 1 :]
            case "cut":
                data = data[:at] + data[at + more :]
            case "insert":
                data = data[:at] + more + data[at:]
            case "number":
                data = data[:at] + long_bytes(more) + data[at + 1 :]
            case _:
                data = data[:at]
    return data


@given(st.sampled_from([PART, MERGED, PLAIN]), CHANGES)
def test_whatever_becomes_of_a_file_it_is_read_or_told_to_be_damaged(
    data: bytes, changes: list[tuple[str, float, Any]]
) -> None:
    try:
        read = [body for records in batch.read(changed(data, changes), PING_V2) for body in records.bodies.all()]
    except avro_file.DamagedFile:
        return
    assert len(read) <= 2 * len(BODIES)


PRICE = {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}}
PRICED = schema(PRICE)
EITHER = schema({"name": "x", "type": ["int", "string"]})
BEYOND = (1_234_567).to_bytes(3)


def part_of(fields: list[dict[str, Any]], written: Schema) -> bytes:
    digests = [digest_of(record["event_id"].encode()) for record in fields]
    return avro_file.part(written, [encode(record, written) for record in fields], digests)


def numbered(rejected: list[batch.RejectedRecord]) -> list[tuple[int, Reason, str, bytes]]:
    return [
        (record.number, record.rejection.reason, record.rejection.event_id, record.fingerprint) for record in rejected
    ]


PRICED_EVENTS = [{**event(number), "price": price} for number, price in enumerate([b"\1", BEYOND, b"\3", BEYOND])]


@pytest.mark.parametrize("target", [PRICED, schema(PRICE, {"name": "n", "type": "int", "default": 3}, version=2)])
@pytest.mark.parametrize(
    "write", [part_of, lambda fields, under: contained([encode(one, under) for one in fields], under)]
)
def test_records_that_do_not_fit_are_told_and_the_others_are_given(
    target: Schema, write: Callable[[list[dict[str, Any]], Schema], bytes]
) -> None:
    data, rejected = write(PRICED_EVENTS, PRICED), list[batch.RejectedRecord]()
    (records,) = batch.read(data, target, rejected)
    assert numbered(rejected) == [(at, Reason.DOES_NOT_FIT, f"id-{at}", PRICED.fingerprint) for at in (1, 3)]
    assert [record.body for record in rejected] == [encode(PRICED_EVENTS[at], PRICED) for at in (1, 3)]
    assert [records.id_at(at) for at in range(len(records))] == [b"id-0", b"id-2"]
    assert records.digests.packed() == Digests.of([b"id-0", b"id-2"]).packed()
    with pytest.raises(avro_file.DamagedFile, match="1234567 has more than the 4 digits"):
        list(batch.read(data, target))


@pytest.mark.parametrize("target", [PING, EITHER])
def test_a_part_whose_schema_cannot_be_at_rest_is_all_rejected(target: Schema) -> None:
    data, rejected = part_of([{**event(at), "x": "y"} for at in range(2)], EITHER), list[batch.RejectedRecord]()
    assert sum(map(len, batch.read(data, target, rejected))) == 0
    assert numbered(rejected) == [(at, Reason.DOES_NOT_FIT, f"id-{at}", EITHER.fingerprint) for at in range(2)]
    with pytest.raises(avro_file.DamagedFile, match="a union of several types"):
        list(batch.read(data, target))


def test_a_record_that_cannot_be_resolved_is_rejected_and_the_others_are_given() -> None:
    colour = {"type": "enum", "name": "Colour", "symbols": ["RED", "BLUE"]}
    older = schema({"name": "colour", "type": colour})
    newer = schema({"name": "colour", "type": {**colour, "symbols": ["RED"]}}, version=2)
    data = part_of([{**event(at), "colour": name} for at, name in enumerate(["RED", "BLUE"])], older)
    rejected: list[batch.RejectedRecord] = []
    (records,) = batch.read(data, newer, rejected)
    assert (len(records), numbered(rejected)) == (1, [(1, Reason.UNDECODABLE, "id-1", older.fingerprint)])


def test_records_without_bytes_are_counted_on_through_the_file() -> None:
    small = [{**event(at, label="x" * 2000), "price": b"\1"} for at in range(100)]
    bodies = [encode(record, PRICED) for record in [*small, {**event(100), "price": BEYOND}]]
    rejected: list[batch.RejectedRecord] = []
    assert sum(map(len, batch.read(contained(bodies, PRICED), PRICED, rejected))) == 100
    assert [record.number for record in rejected] == [100]


def test_no_change_of_a_parts_schema_index_or_records_goes_unnoticed() -> None:
    header, start = PART[: PART.index(SYNC)], PART.index(SYNC) + len(SYNC)
    whole = [records.bodies.all() for records in batch.read(PART, PING)]
    name = header.index(avro_file.CHECKSUM.encode())
    noticed = 0
    for position in range(len(header)):
        for bit in (0x01, 0x20, 0x80):
            damaged = bytearray(PART)
            damaged[position] ^= bit
            try:
                read = [records.bodies.all() for records in batch.read(bytes(damaged), PING)]
            except avro_file.DamagedFile:
                noticed += 1
                continue
            # A part whose checksum has another name is as one from before there was one.
            assert name <= position < name + len(avro_file.CHECKSUM)
            assert read == whole
    assert noticed > 2 * len(header)
    other = avro_file.part(PING, BODIES[::-1], [digest_of(b"id-%d" % number) for number in range(5)])
    # The same records in another order: every block is sound.
    swapped = PART[:start] + other[other.index(SYNC) + len(SYNC) :]
    with pytest.raises(avro_file.DamagedFile):
        list(batch.read(swapped, PING))


def test_a_part_of_old_has_no_checksum_and_is_read() -> None:
    entry = long_bytes(len(avro_file.CHECKSUM)) + avro_file.CHECKSUM.encode() + long_bytes(8)
    at = PART.index(entry)
    old = PART[:4] + long_bytes(3) + PART[5:at] + PART[at + len(entry) + 8 :]
    assert [records.bodies.all() for records in batch.read(old, PING)] == [BODIES]


def test_the_same_bodies_are_the_same_part() -> None:
    assert avro_file.part(PING, BODIES, [digest_of(b"id-%d" % number) for number in range(5)]) == PART
