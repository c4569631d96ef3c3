"""The merged file is a function of the set of records: order, copies, splits and spilling do not show."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.pipeline.examples import NOON_US, PING, contained, event, schema
from wavetank.pipeline.avro.events import AS_OF_FIELD
from wavetank.pipeline.core.bulk import batch
from wavetank.pipeline.core.bulk.batch import Batch, identified
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.bulk.merge import merge_all
from wavetank.pipeline.core.bulk.values import Bodies
from wavetank.pipeline.core.decode import decode, encode
from wavetank.pipeline.core.files import avro_file, parquet
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.core.sizes import Sizes
from wavetank.pipeline.records import Event

AS_OF = {"name": AS_OF_FIELD, "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}], "default": None}
ENRICHED = schema(AS_OF, version=2)
LISTED = schema({"name": "rooms", "type": {"type": "array", "items": "int"}, "default": []}, AS_OF, version=3)
"""A version whose records are read one by one where they have many rooms."""
TOO_MANY = 65
"""Items of an array that is not read in bulk."""
NONE = Digests.of([])
EVERYTHING = 2**40
"""A budget that nothing exceeds."""


def record(number: int, time_us: int = NOON_US, label: str | None = None) -> bytes:
    return encode(event(number, time_us=time_us, label=label), PING)


def batches(bodies: Sequence[bytes], size: int = 1000) -> list[Batch]:
    return [identified(Bodies.of(bodies[at : at + size]), PING) for at in range(0, len(bodies), size)]


def merged(
    bodies: Sequence[bytes], dropped: Digests = NONE, budget: int = EVERYTHING, size: int = 1000, piece: int = 8192
) -> list[bytes]:
    sizes = Sizes(merge_bytes=budget, piece_records=piece)
    return [body for piece in merge_all(batches(bodies, size), dropped, sizes) for body in piece.bodies.all()]


def files(bodies: Sequence[bytes], budget: int = EVERYTHING, size: int = 1000) -> tuple[bytes, bytes]:
    """The Avro and the Parquet file of merged records."""
    avro, columns = BytesIO(), BytesIO()
    writers = avro_file.Writer(avro, PING), parquet.Writer(columns, PING)
    for piece in merge_all(batches(bodies, size), NONE, Sizes(merge_bytes=budget)):
        for writer in writers:
            writer.add(piece.bodies)
    for writer in writers:
        writer.close()
    return avro.getvalue(), columns.getvalue()


def ids(bodies: Sequence[bytes]) -> list[str]:
    events = [decode(body, PING) for body in bodies]
    return [event.id for event in events if isinstance(event, Event)]


RECORDS = st.lists(
    st.builds(record, st.integers(0, 5), st.integers(NOON_US, NOON_US + 3), st.sampled_from([None, "a", "b"])),
    max_size=25,
)


@settings(max_examples=500)
@given(RECORDS, st.randoms(use_true_random=False), st.integers(0, 10), st.integers(1, 30))
def test_any_order_split_and_number_of_copies_gives_identical_files(
    records: list[bytes], rng: Random, copies: int, size: int
) -> None:
    again = records + records[:copies]
    rng.shuffle(again)
    assert files(again, size=size) == files(records)


@given(RECORDS, st.integers(0, 400), st.integers(1, 30), st.integers(1, 5))
def test_what_spills_to_files_gives_what_memory_does(records: list[bytes], budget: int, size: int, piece: int) -> None:
    assert merged(records, budget=budget, size=size, piece=piece) == merged(records)


def test_a_partition_far_larger_than_the_budget_gives_the_same_files() -> None:
    rng = Random(3)
    records = [record(number, NOON_US + rng.randrange(10**6), "x" * rng.randrange(50)) for number in range(20_000)]
    records += rng.sample(records, 2_000)
    assert files(records, budget=40_000, size=700) == files(records)


def test_more_records_of_one_moment_than_are_read_at_a_time_come_in_the_order_of_their_ids() -> None:
    records = [record(number) for number in range(40_000)]
    assert ids(merged(records, budget=300_000)) == sorted(ids(records))


@given(RECORDS)
def test_there_is_one_record_for_each_id(records: list[bytes]) -> None:
    assert sorted(ids(merged(records))) == sorted(set(ids(records)))


@given(RECORDS)
def test_the_winner_is_the_earliest_and_then_the_smallest_body(records: list[bytes]) -> None:
    rank = {body: (decoded.time_us, body) for body in records if isinstance(decoded := decode(body, PING), Event)}
    expected = {
        name: min((body for body in records if ids([body]) == [name]), key=lambda body: rank[body])
        for name in ids(records)
    }
    assert {ids([body])[0]: body for body in merged(records)} == expected


def test_events_rest_in_the_order_of_their_time_and_then_their_id() -> None:
    records = [record(2, NOON_US + 5), record(1, NOON_US + 9), record(3), record(0, NOON_US + 5)]
    assert ids(merged(records)) == ["id-3", "id-0", "id-2", "id-1"]


@pytest.mark.parametrize("budget", [0, EVERYTHING])
@pytest.mark.parametrize("others", [0, 100])
def test_ids_that_another_hour_has_are_left_out(budget: int, others: int) -> None:
    records = [record(number) for number in range(200)]
    elsewhere = [b"id-%d" % number for number in (7, 150)] + [b"other-%d" % number for number in range(others)]
    kept = ids(merged(records, Digests.of(elsewhere), budget, size=50))
    assert sorted(kept) == sorted(set(ids(records)) - {"id-7", "id-150"})


def test_ids_whose_digests_begin_alike_are_told_apart() -> None:
    several = identified(Bodies.of([record(1), record(2), record(1, label="z")]), PING)
    same = replace(several, digests=Digests(several.digests.first * 0, several.digests.last))
    (piece,) = merge_all([same], NONE)
    assert ids(piece.bodies.all()) == ["id-1", "id-2"]


def enriched(number: int, time_us: int, label: str | None, as_of: int | None) -> bytes:
    return encode({**event(number, time_us=time_us, label=label), AS_OF_FIELD: as_of}, ENRICHED)


TIMES_AS_OF = st.one_of(st.none(), st.sampled_from([-1, 0, 1, NOON_US]))
COPIES = st.lists(
    st.builds(
        enriched,
        st.integers(0, 3),
        st.integers(NOON_US, NOON_US + 1),
        st.sampled_from([None, "a", "b", "ab"]),
        TIMES_AS_OF,
    ),
    max_size=25,
)
Rank = tuple[int, bool, int, bytes]


def rank(body: bytes, written: Schema = ENRICHED) -> tuple[str, Rank]:
    """The id of a copy, and its place among the copies of that id: a plain reading of docs/promises.md."""
    decoded = decode(body, written)
    assert isinstance(decoded, Event)
    as_of = decoded.fields.get(AS_OF_FIELD)
    return decoded.id, (decoded.time_us, as_of is not None, as_of or 0, body)


def smallest(bodies: Sequence[bytes], written: Schema = ENRICHED) -> list[bytes]:
    """One copy of each id, by time and id."""
    by_id: dict[str, Rank] = {}
    for name, place in (rank(body, written) for body in bodies):
        by_id[name] = min(place, by_id.get(name, place))
    return [place[-1] for name, place in sorted(by_id.items(), key=lambda item: (item[1][0], item[0]))]


@settings(max_examples=100)
@given(COPIES, st.integers(0, 400), st.integers(1, 30), st.integers(1, 5))
def test_of_copies_of_one_time_the_one_stays_that_was_enriched_as_of_the_earliest(
    bodies: list[bytes], budget: int, size: int, piece: int
) -> None:
    sizes = Sizes(merge_bytes=budget, piece_records=piece)
    pieces = [identified(Bodies.of(bodies[at : at + size]), ENRICHED) for at in range(0, len(bodies), size)]
    together = [body for piece in merge_all(pieces, NONE, sizes) for body in piece.bodies.all()]
    assert together == smallest(bodies)


def test_a_copy_that_was_enriched_as_of_later_loses_whatever_its_bytes() -> None:
    first, again = enriched(1, NOON_US, "z", 0), enriched(1, NOON_US, "a", NOON_US)
    assert again < first
    for order in ([first, again], [again, first]):
        (piece,) = merge_all([identified(Bodies.of(order), ENRICHED)], NONE)
        assert piece.bodies.all() == [first]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, "a", "b"])), max_size=10),
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, "a", "b"]), TIMES_AS_OF), max_size=10),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, TOO_MANY), TIMES_AS_OF), max_size=6),
    st.permutations(range(3)),
)
def test_copies_of_a_version_without_the_field_merge_with_those_of_later_ones(
    first: list[tuple[int, str | None]],
    second: list[tuple[int, str | None, int | None]],
    third: list[tuple[int, int, int | None]],
    order: list[int],
) -> None:
    """Those are read one by one, and so are records of a shape that is not read in bulk: as of null is the least."""
    fields = [
        [event(number, label=label) for number, label in first],
        [{**event(number, label=label), AS_OF_FIELD: as_of} for number, label, as_of in second],
        [{**event(number), "rooms": [1] * rooms, AS_OF_FIELD: as_of} for number, rooms, as_of in third],
    ]
    versions = (PING, ENRICHED, LISTED)
    parts = [
        contained([encode(each, written) for each in some], written)
        for some, written in zip(fields, versions, strict=True)
        if some
    ]
    as_newest = [encode({"rooms": [], AS_OF_FIELD: None, **each}, LISTED) for some in fields for each in some]
    batches = [each for at in order if at < len(parts) for each in batch.read(parts[at], LISTED)]
    together = [body for piece in merge_all(batches, NONE, Sizes(merge_bytes=60)) for body in piece.bodies.all()]
    assert together == smallest(as_newest, LISTED)
