"""Reading in bulk says what reading record by record says, or leaves it to that."""

from io import BytesIO
from time import process_time
from typing import Any

import fastavro
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.pipeline.avro.strategies import events
from tests.unit.pipeline.corpus import TOUCHY, schema_of
from tests.unit.pipeline.examples import PING, event, schema
from wavetank.pipeline.core.bulk import parse
from wavetank.pipeline.core.bulk.values import Bodies, Entries, Items, NotBulkParsable, Numbers, Slices, longs, padded
from wavetank.pipeline.core.decode import decode, encode
from wavetank.pipeline.core.schema import Role, Schema
from wavetank.pipeline.records import Event

EDGES = [0, -1, 1, 63, -64, 64, 8191, 2**31 - 1, -(2**31), 2**55, 2**56, 2**62, -(2**62), 2**63 - 1, -(2**63)]


def written(value: int) -> bytes:
    out = BytesIO()
    fastavro.schemaless_writer(out, {"type": "long"}, value)
    return out.getvalue()


@given(st.lists(st.sampled_from(EDGES) | st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_numbers_are_what_fastavro_wrote(values: list[int]) -> None:
    encoded = [written(value) for value in values]
    ends = np.cumsum([len(number) for number in encoded])
    numbers, after = longs(padded(b"".join(encoded)), ends - [len(number) for number in encoded])
    assert numbers.tolist() == values
    assert after.tolist() == ends.tolist()


@pytest.mark.parametrize("data", [b"\xff" * 10, b"\xff" * 9 + b"\x02", b"\x80" * 11 + b"\x00"])
def test_numbers_of_more_than_64_bits_are_refused(data: bytes) -> None:
    with pytest.raises(NotBulkParsable):
        longs(padded(data), np.array([0]))


def agrees(bodies: list[bytes], written_with: Schema) -> bool:
    """Whether both readers take the bodies and give the same ids and times, or the one in bulk leaves it."""
    events_found = [decode(body, written_with) for body in bodies]
    try:
        fields = parse.parse(Bodies.of(bodies), written_with.avro).fields
    except NotBulkParsable:
        return True
    ids, times = fields["event_id"], fields["event_time"]
    assert isinstance(ids, Slices)
    assert isinstance(times, Numbers)
    for one, name, time in zip(
        events_found, parse.slices_of(Bodies.of(bodies).data, ids), times.values.tolist(), strict=True
    ):
        if isinstance(one, Event):
            assert (one.id.encode(), one.time_us) == (name, time)
        else:
            assert one.reason in ("missing-id", "invalid-time"), one
    return True


@settings(max_examples=300)
@given(events(), st.integers(1, 4))
def test_sound_records_of_any_schema_give_the_same_ids_and_times(
    generated: tuple[dict[str, Any], dict[str, Any]], copies: int
) -> None:
    document, fields = generated
    made = schema_of(document, role=Role.RAW)
    bodies = [encode({**fields, "event_id": f"{fields['event_id']}{number}"}, made) for number in range(copies)]
    assert agrees(bodies, made)


@settings(max_examples=500)
@given(events(), st.data())
def test_what_is_taken_in_bulk_is_taken_one_by_one_whatever_the_damage(
    generated: tuple[dict[str, Any], dict[str, Any]], data: st.DataObject
) -> None:
    document, fields = generated
    made = schema_of(document, role=Role.RAW)
    whole = encode(fields, made)
    position = data.draw(st.integers(0, len(whole)))
    damage = data.draw(st.sampled_from(TOUCHY) | st.binary(max_size=4))
    cut = data.draw(st.integers(0, 4))
    assert agrees([whole, whole[:position] + damage + whole[position + cut :], whole], made)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"type": "array", "items": "string"}, ["x"] * 1000),
        ({"type": "map", "values": "long"}, {str(number): number for number in range(300)}),
        ({"type": "array", "items": "null"}, [None] * 5),
    ],
)
def test_shapes_that_do_not_pay_are_left_and_read_with_patience(field: dict[str, Any], value: Any) -> None:
    made = schema({"name": "much", "type": field})
    bodies = Bodies.of([encode({**event(number), "much": value}, made) for number in range(3)])
    with pytest.raises(NotBulkParsable):
        parse.parse(bodies, made.avro)
    parsed = parse.parse(bodies, made.avro, exhaustive=True).fields["much"]
    assert isinstance(parsed, Items | Entries)
    assert parsed.counts.tolist() == [len(value)] * 3


def test_a_map_with_a_key_twice_is_left() -> None:
    made = schema({"name": "m", "type": {"type": "map", "values": "long"}})
    once = encode({**event(1), "m": {"k": 1}}, made)
    twice = once[: once.rindex(b"\x02\x02k")] + b"\x04\x02k\x02\x02k\x04\x00"
    assert parse.parse(Bodies.of([once]), made.avro)
    with pytest.raises(NotBulkParsable):
        parse.parse(Bodies.of([twice]), made.avro)


def test_text_that_is_utf8_only_together_with_its_neighbour_is_refused() -> None:
    whole = encode(event(1, label="ab"), PING)
    with pytest.raises(NotBulkParsable):
        parse.parse(Bodies.of([whole.replace(b"id-1", b"id-\xc3").replace(b"ab", b"\xa4b")]), PING.avro)


@pytest.mark.parametrize("kind", ["array", "map"])
def test_each_level_of_nesting_costs_as_much_as_the_one_before(kind: str) -> None:
    avro: Any = "int"
    value: Any = 1
    for _ in range(40):
        avro, value = (
            ({"type": "array", "items": avro}, [value])
            if kind == "array"
            else (
                {"type": "map", "values": avro},
                {"k": value},
            )
        )
    made = schema({"name": "x", "type": avro}, role=Role.RAW)
    body = encode({**event(1), "x": value}, made)
    begun = process_time()
    parse.parse(Bodies.of([body] * 3), made.avro)
    assert process_time() - begun < 5
