"""A default of a type that refers to itself is a value of it or is refused with a sentence, whatever it is."""

import json
from io import BytesIO
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wavetank.pipeline.avro import binary, defaults
from wavetank.pipeline.avro.model import InvalidSchema
from wavetank.pipeline.avro.parse import parse
from wavetank.pipeline.schemas.checks import read

SELF = ["R", ["null", "R"], ["R", "null"], {"type": "array", "items": "R"}, {"type": "map", "values": ["null", "R"]},
        {"type": "record", "name": "S", "fields": [{"name": "back", "type": ["null", "R"], "default": {}}]},
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["n", "m", "back"]), inner, max_size=2),
    max_leaves=6,
)


def nested(levels: int) -> Any:
    default: Any = None
    for _ in range(levels):
        default = {"n": default}
    return default


@settings(max_examples=200, deadline=None)
@given(avro=st.sampled_from(SELF), other=st.sampled_from(SELF[:5]), inner=JSON, second=JSON, outer=JSON)
@example(avro=SELF[2], other=["R", "null"], inner={}, second={}, outer={})
def test_any_default_of_a_type_that_refers_to_itself_is_a_value_or_refused(
    avro: Any, other: Any, inner: Any, second: Any, outer: Any
) -> None:
    fields = [{"name": "n", "type": avro, "default": inner}, {"name": "m", "type": other, "default": second}]
    reader = {
        "type": "record",
        "name": "Top",
        "fields": [{"name": "r", "type": {"type": "record", "name": "R", "fields": fields}, "default": outer}],
    }
    try:
        schema = read(json.dumps(reader).encode())
    except InvalidSchema:
        return
    if list(defaults.problems(schema)):
        return
    value = binary.decode(b"", binary.reader_of(parse({"type": "record", "name": "Top", "fields": []}), schema))
    out = BytesIO()
    schemaless_writer(out, parse_schema(reader), value)
    assert binary.decode(out.getvalue(), binary.reader_of(schema)) == value


@pytest.mark.parametrize("levels", [1, 40, 900])
def test_a_default_may_be_as_deep_as_values_are_and_is_refused_beyond(levels: int) -> None:
    record = {"type": "record", "name": "R", "fields": [{"name": "n", "type": ["null", "R"]}]}
    schema = parse(
        {"type": "record", "name": "T", "fields": [{"name": "r", "type": record, "default": nested(levels)}]}
    )
    assert (list(defaults.problems(schema)) == []) is (levels < 900)
