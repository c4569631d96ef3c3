"""Values that do not fit their types are found in bulk as they are one by one."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.pipeline.avro.logical import landable
from tests.unit.pipeline.corpus import schema_of
from tests.unit.pipeline.examples import NOON_US, PING, contained, event, schema
from wavetank.pipeline.avro.storable import field_misfits
from wavetank.pipeline.core.bulk import batch, fit, parse
from wavetank.pipeline.core.bulk.batch import times_and_ids
from wavetank.pipeline.core.bulk.values import Bodies, NotBulkParsable, Slices, padded, wide_integers
from wavetank.pipeline.core.decode import decode, encode
from wavetank.pipeline.core.files.columns import table
from wavetank.pipeline.core.schema import Role
from wavetank.pipeline.records import Event, Reason, Rejection

Generated = tuple[dict[str, Any], list[dict[str, Any]]]


@settings(max_examples=300)
@given(landable(sound=False))
def test_a_batch_fits_where_each_of_its_records_does(generated: Generated) -> None:
    made, raw = schema_of(generated[0]), schema_of(generated[0], role=Role.RAW)
    bodies = [encode(fields, made) for fields in generated[1]]
    outcomes = [decode(body, raw, made) for body in bodies]
    misfits = [list(field_misfits(fields, made.avro.fields)) for fields in generated[1]]
    for outcome, named, fields in zip(outcomes, misfits, generated[1], strict=True):
        if named:
            assert outcome == Rejection(Reason.DOES_NOT_FIT, f"processed v1: {named[0]}", fields["event_id"])
        else:
            assert isinstance(outcome, Event)
    together = Bodies.of(bodies)
    parsed = parse.parse(together, made.avro, exhaustive=True)
    assert fit.fits(parsed, together.data, made.avro) == (not any(misfits))
    if any(misfits):
        with pytest.raises(NotBulkParsable):
            times_and_ids(together, made)


@settings(max_examples=200)
@given(landable())
def test_events_of_an_older_version_are_those_of_the_newest_and_what_it_adds(generated: Generated) -> None:
    document, events = generated
    added = {"name": "added", "type": "int", "default": 7}
    older, newer = schema_of(document), schema_of({**document, "fields": [*document["fields"], added]}, 2)
    rejected: list[batch.RejectedRecord] = []
    (records,) = batch.read(contained([encode(fields, older) for fields in events], older), newer, rejected)
    assert not rejected
    decoded = [decode(body, newer) for body in records.bodies.all()]
    assert [one.fields for one in decoded if isinstance(one, Event)] == [{**fields, "added": 7} for fields in events]
    assert table(records.bodies, newer).num_rows == len(events)


@given(st.lists(st.tuples(st.integers(-(2**127), 2**127 - 1), st.integers(0, 4)), max_size=20))
def test_a_wide_number_is_the_one_that_its_bytes_are(numbers: list[tuple[int, int]]) -> None:
    pieces = [number.to_bytes(number.bit_length() // 8 + 1 + more, signed=True) for number, more in numbers]
    ends = np.cumsum([0, *map(len, pieces)])
    wide = wide_integers(padded(b"".join(pieces)), Slices(ends[:-1], np.diff(ends)))
    found = [int(low) | int(high) << 64 for low, high in wide.tolist()]
    assert found == [number % 2**128 for number, _ in numbers]


def test_no_bytes_are_nought() -> None:
    assert wide_integers(padded(b"\xff"), Slices(np.array([0, 1]), np.array([0, 0]))).tolist() == [[0, 0]] * 2


@pytest.mark.parametrize("size", [9, 17])
def test_a_number_of_more_than_128_bits_is_none(size: int) -> None:
    data = (2**127).to_bytes(17, signed=True)
    with pytest.raises(OverflowError):
        wide_integers(padded(bytes(size) + data), Slices(np.array([0, size]), np.array([size, 17])))


@pytest.mark.parametrize("scale", [0, 19, 38])
@pytest.mark.parametrize("precision", [1, 18, 19, 38])
@pytest.mark.parametrize("more", [0, 1, 16])
def test_decimals_of_all_their_digits_are_columns_and_of_one_more_are_not(
    precision: int, scale: int, more: int
) -> None:
    if scale > precision:
        return
    avro = {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}
    made, most = schema({"name": "price", "type": avro}), 10**precision - 1
    numbers = [most, -most, 0, 1]
    bodies = [
        encode({**event(at), "price": number.to_bytes(number.bit_length() // 8 + 1 + more, signed=True)}, made)
        for at, number in enumerate(numbers)
    ]
    times_and_ids(Bodies.of(bodies), made)
    prices = table(Bodies.of(bodies), made).column("price")
    assert prices.type == pa.decimal128(precision, scale)
    assert list(map(str, prices.to_pylist())) == [str(Decimal(f"{number}E-{scale}")) for number in numbers]
    for beyond in (most + 1, -most - 1):
        body = encode({**event(9), "price": beyond.to_bytes(beyond.bit_length() // 8 + 1 + more, signed=True)}, made)
        with pytest.raises(NotBulkParsable):
            times_and_ids(Bodies.of([*bodies, body]), made)


def test_nothing_is_looked_at_where_no_type_is_restricted() -> None:
    assert fit._checks(PING.avro) == ()


@pytest.mark.parametrize("wrong", [{"event_id": ""}, {"event_time": 2**62}, {"event_time": -NOON_US * 100}])
def test_a_batch_with_what_is_no_event_is_looked_at_one_by_one(wrong: dict[str, Any]) -> None:
    with pytest.raises(NotBulkParsable):
        times_and_ids(Bodies.of([encode({**event(1), **wrong}, PING)]), PING)
