"""Every Avro type can be fed from JSON, without loss or not at all; a refusal says where and why."""

from collections.abc import Mapping
from typing import Any

import pytest

from wavetank.pipeline.avro import binary
from wavetank.pipeline.avro.parse import parse as parse_schema
from wavetank.scenarios.client.wire import HEADER_BYTES, WireSchema, encode_frame
from wavetank.scenarios.workload.json_paths import path_text
from wavetank.scenarios.workload.json_values import Readers
from wavetank.scenarios.workload.ndjson import parse


def logical(base: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": base, "logicalType": name, **more}


def fixed(size: int, name: str = "F", **more: Any) -> dict[str, Any]:
    return {"type": "fixed", "name": name, "size": size, **more}


def record(name: str, **fields: Any) -> dict[str, Any]:
    """A record type; a field given as a list of one type and one value has that value as its default."""
    entries = [
        {"name": field, "type": avro[0], "default": avro[1]}
        if isinstance(avro, tuple)
        else {"name": field, "type": avro}
        for field, avro in fields.items()
    ]
    return {"type": "record", "name": name, "fields": entries}


def array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def mapped(values: Any) -> dict[str, Any]:
    return {"type": "map", "values": values}


MONEY = logical("bytes", "decimal", precision=9, scale=2)
FIXED_MONEY = fixed(5, logicalType="decimal", precision=9, scale=2)
WIDE = logical("bytes", "decimal", precision=60, scale=20)
BIG = logical("bytes", "big-decimal")
DATE, TIME_MS, TIME_US = logical("int", "date"), logical("int", "time-millis"), logical("long", "time-micros")
MILLIS, MICROS, NANOS = (logical("long", f"timestamp-{unit}") for unit in ("millis", "micros", "nanos"))
LOCAL_MILLIS, LOCAL_NANOS = (logical("long", f"local-timestamp-{unit}") for unit in ("millis", "nanos"))
UUID, UUID_BYTES = logical("string", "uuid"), fixed(16, logicalType="uuid")
DURATION = fixed(12, logicalType="duration")
ENUM = {"type": "enum", "name": "E", "symbols": ["A", "B"], "default": "A"}
POINT = record("Point", x="int", y=("int", 7))
NODE = record("Node", v="int", next=(["null", "Node"], None))
FIRST, SECOND = record("First", a="int"), record("Second", b="int", c=("int", 0))
UUID_TEXT = "00112233-4455-6677-8899-aAbBcCdDeEfF"
UUID_DATA = bytes.fromhex("00112233445566778899aabbccddeeff")


def value_of(text: str) -> Any:
    source = parse(f'{{"v": {text}}}'.encode())
    assert isinstance(source, dict)
    return source["v"]


def fed(avro: Any, text: str) -> Any:
    """The value that the pipeline decodes of a JSON text that was fed into a field of the type."""
    definition = record("Top", v=avro)
    value = Readers().of(parse_schema(avro))(value_of(text))
    frame = encode_frame(WireSchema.of(definition), {"v": value})
    return binary.decode(frame[HEADER_BYTES:], binary.reader_of(parse_schema(definition)))["v"]


def signed(data: Any) -> int:
    assert isinstance(data, bytes)
    return int.from_bytes(data, signed=True)


def unsigned_parts(months: int, days: int, milliseconds: int) -> bytes:
    return b"".join(part.to_bytes(4, "little") for part in (months, days, milliseconds))


@pytest.mark.parametrize(
    ("avro", "text", "value"),
    [
        ("null", "null", None),
        ("boolean", "true", True),
        ("int", "-2147483648", -(2**31)),
        ("long", "9223372036854775807", 2**63 - 1),
        ("double", "0.1", 0.1),
        ("double", "9007199254740992", 2.0**53),
        ("double", "1e300", 1e300),
        ("float", "0.5", 0.5),
        ("float", "0.1", 0.10000000149011612),
        # Beside the middle of two floats: rounded to a double first, it would be the middle.
        ("float", "1.00000005960464477540", 1.0000001192092896),
        ("string", '"é"', "é"),
        ("bytes", '"AAEC/w=="', b"\x00\x01\x02\xff"),
        ("bytes", '""', b""),
        (fixed(3), '"AAEC"', b"\x00\x01\x02"),
        (fixed(0), '""', b""),
        (ENUM, '"B"', "B"),
        (array("int"), "[]", []),
        (array("int"), '[1, "2", 3.0]', [1, 2, 3]),
        (array(["null", "string"]), '["a", null]', ["a", None]),
        (mapped("long"), '{"a": 1, "b.c": 2}', {"a": 1, "b.c": 2}),
        (mapped(array("int")), '{"a": [1]}', {"a": [1]}),
        (mapped("string"), '{"a": {"b": 1.50}}', {"a": '{"b":1.50}'}),
        (POINT, '{"x": 1}', {"x": 1, "y": 7}),
        (POINT, '{"y": null, "x": 1}', {"x": 1, "y": 7}),
        (record("R", a=array(POINT)), '{"a": [{"x": 1, "y": 2}]}', {"a": [{"x": 1, "y": 2}]}),
        (record("R", a=("bytes", "\u00ff"), b=(fixed(1), "\u0001")), "{}", {"a": b"\xff", "b": b"\x01"}),
        (record("R", a=(["null", "string"], None)), '{"a": null}', {"a": None}),
        (record("R", a=(["string", "null"], "x")), '{"a": null}', {"a": None}),
        (record("R", a=["null", "string"]), '{"a": null}', {"a": None}),
        (NODE, '{"v": 1, "next": {"v": 2}}', {"v": 1, "next": {"v": 2, "next": None}}),
        (record("R", a=POINT, b="Point"), '{"a": {"x": 1}, "b": {"x": 2}}',
         {"a": {"x": 1, "y": 7}, "b": {"x": 2, "y": 7}}),
        ({**record("R", a={**POINT, "namespace": "n"}, b=["null", "n.Point"])}, '{"a": {"x": 1}, "b": {"x": 2}}',
         {"a": {"x": 1, "y": 7}, "b": {"x": 2, "y": 7}}),
        (DATE, '"2024-02-29"', 19_782),
        (DATE, '"0001-01-01"', -719_162),
        (DATE, "19782", 19_782),
        (TIME_MS, '"09:30:00.250"', 34_200_250),
        (TIME_MS, '"09:30"', 34_200_000),
        (TIME_MS, '"t093000,5"', 34_200_500),
        (TIME_US, '"23:59:59.999999"', 86_399_999_999),
        (TIME_US, "0", 0),
        (MILLIS, '"2019-11-24T00:01:03.979Z"', 1_574_553_663_979),
        (MILLIS, '"2019-11-24T00:01:03.979000Z"', 1_574_553_663_979),
        (MILLIS, "1574553663979", 1_574_553_663_979),
        (MICROS, '"2019-11-24 09:01:03.979311+09:00"', 1_574_553_663_979_311),
        (MICROS, '"1969-12-31t23:59:59.999999z"', -1),
        (NANOS, '"2019-11-24T00:01:03.979311123Z"', 1_574_553_663_979_311_123),
        (NANOS, '"20191124T000103.979311123"', 1_574_553_663_979_311_123),
        (LOCAL_MILLIS, '"2019-11-24T00:01:03.979"', 1_574_553_663_979),
        (LOCAL_NANOS, '"2019-11-24T00:01:03.000000001"', 1_574_553_663_000_000_001),
        (UUID, f'"{UUID_TEXT}"', UUID_TEXT),
        (UUID_BYTES, f'"{UUID_TEXT}"', UUID_DATA),
        (DURATION, '"P1Y2M1W3DT4H5M6.007S"', unsigned_parts(14, 10, 14_706_007)),
        (DURATION, '"p1d"', unsigned_parts(0, 1, 0)),
        (DURATION, '"PT0S"', unsigned_parts(0, 0, 0)),
        (DURATION, '{"months": 1, "milliseconds": 4294967295}', unsigned_parts(1, 0, 2**32 - 1)),
        (logical("string", "date"), '"5"', "5"),
        (logical("int", "decimal", precision=4), "5", 5),
        (logical("bytes", "decimal", precision=0), '"AAEC"', b"\x00\x01\x02"),
        (logical("long", "no-such"), "5", 5),
    ],
)  # fmt: skip
def test_a_value_of_any_type_arrives_as_it_was_written(avro: Any, text: str, value: Any) -> None:
    arrived = fed(avro, text)
    assert arrived == value
    assert type(arrived) is type(value)


@pytest.mark.parametrize("avro", [MONEY, FIXED_MONEY])
@pytest.mark.parametrize(
    ("text", "unscaled"),
    [
        ("12.34", 1234),
        ('"12.34"', 1234),
        ("12", 1200),
        ("-0.01", -1),
        ("-1.28", -128),
        ("12.3400", 1234),
        ("1e2", 10_000),
        ("1.5e1", 1500),
        ("0", 0),
        ("-0.00", 0),
        ("0e9999", 0),
        ("1234567.89", 123_456_789),
        ('"0000000001234567.89"', 123_456_789),
    ],
)
def test_money_keeps_every_digit(avro: Any, text: str, unscaled: int) -> None:
    assert signed(fed(avro, text)) == unscaled


def test_a_decimal_of_more_digits_than_a_double_keeps_every_digit() -> None:
    digits = "1234567890123456789012345678901234567890.12345678901234567891"
    assert signed(fed(WIDE, digits)) == int(digits.replace(".", ""))


@pytest.mark.parametrize(
    ("text", "unscaled", "scale"), [("1.50", 150, 2), ("-7", -7, 0), ("1e3", 1, -3), ('"0.001"', 1, 3)]
)
def test_a_big_decimal_keeps_its_own_scale(text: str, unscaled: int, scale: int) -> None:
    written = fed(BIG, text)
    number = binary.decode(written, binary.reader_of(parse_schema(record("D", u="bytes", s="int"))))
    assert (signed(number["u"]), number["s"]) == (unscaled, scale)


@pytest.mark.parametrize(
    ("avro", "text", "path", "said"),
    [
        ("null", "1", "", "not null"),
        ("int", "null", "", "not a number"),
        ("double", "9007199254740993", "", "more digits"),
        ("double", "1e-400", "", "too small"),
        ("float", "16777217", "", "more digits"),
        ("float", "1e39", "", "too large"),
        ("bytes", '"AAE"', "", "not base64"),
        ("bytes", '"AAE_"', "", "not base64"),
        ("bytes", '"AAEC\\n"', "", "not base64"),
        ("bytes", '"é"', "", "not base64"),
        ("bytes", '"AB=="', "", "not base64"),
        ("bytes", "1234", "", "not text in base64"),
        (fixed(3), '"AAE="', "", "2 bytes, and F takes 3"),
        (ENUM, '"C"', "", "not one of A, B"),
        (array("int"), '[1, "x"]', "[1]", "not a number"),
        (array("int"), '{"a": 1}', "", "not an array"),
        (array("int"), "[null]", "[0]", "not a number"),
        (mapped("long"), '{"a": 1, "b": []}', "b", "not a number"),
        (mapped("long"), "[]", "", "not an object"),
        (POINT, "{}", "x", "no value"),
        (POINT, '{"x": null}', "x", "no value"),
        (record("R", a=array(POINT)), '{"a": [{"x": 1}, {"x": "?"}]}', "a[1].x", "not a number"),
        (NODE, '{"v": 1, "next": {"v": 2.5}}', "next.v", "whole number"),
        (MONEY, "0.001", "", "more than 2 digits after the point"),
        (MONEY, "12345678.90", "", "more than the 9 digits"),
        (MONEY, "1e9999", "", "more than the 9 digits"),
        (MONEY, '"12,50"', "", "not a number"),
        (MONEY, "true", "", "not a number"),
        (WIDE, "9" * 5_000, "", "4,000 digits"),
        (DATE, '"2023-02-29"', "", "no date"),
        (DATE, '"2024-02-29T00:00:00"', "", "no date"),
        (DATE, "2932897", "", "between the years 1 and 9999"),
        (DATE, "true", "", "neither text in ISO 8601 nor a whole number of days"),
        (TIME_MS, '"09:30:00.0001"', "", "more than 3 digits"),
        (TIME_MS, '"24:30:00"', "", "no time of day"),
        (TIME_MS, '"09:30:00Z"', "", "without an offset"),
        (TIME_MS, '"09:30.5"', "", "fraction of a minute"),
        (TIME_MS, "86400000", "", "within a day"),
        (MILLIS, '"2019-11-24T00:01:03.9791Z"', "", "more than 3 digits"),
        (MICROS, '"2019-11-24T00:01:03.9793111Z"', "", "more than 6 digits"),
        (NANOS, '"2019-11-24T00:01:03.9793111111Z"', "", "more than 9 digits"),
        (NANOS, '"1500-01-01T00:00:00Z"', "", "1678 and 2262"),
        (MILLIS, "1.5", "", "whole number"),
        (MILLIS, '"1574553663979"', "", "not in ISO 8601"),
        (MILLIS, '"2019-11-24T00:01.5Z"', "", "seconds alone"),
        (LOCAL_MILLIS, '"2019-11-24T00:01:03Z"', "", "an offset"),
        (UUID, '"00112233445566778899aabbccddeeff"', "", "no UUID"),
        (UUID_BYTES, '"ABEiM0RVZneImaq7zN3u/w=="', "", "no UUID"),
        (DURATION, '"P"', "", "no duration"),
        (DURATION, '"PT"', "", "no duration"),
        (DURATION, '"P1.5D"', "", "no duration"),
        (DURATION, '"-P1D"', "", "no duration"),
        (DURATION, '"PT0.0001S"', "", "more than 3 digits"),
        (DURATION, '"P4294967296D"', "", "4294967296 days"),
        (DURATION, '{"weeks": 1}', "", "no object of months"),
        (DURATION, "{}", "", "no object of months"),
        (DURATION, '{"days": -1}', "", "-1 days"),
        ({"type": "array", "items": []}, "[1]", "[0]", "not null"),
    ],
)
def test_what_would_be_changed_is_refused_by_path_and_rule(avro: Any, text: str, path: str, said: str) -> None:
    readers = Readers()
    with pytest.raises(ValueError, match=said):
        readers.of(parse_schema(avro))(value_of(text))
    assert path_text(readers.way) == path


@pytest.mark.parametrize(
    ("avro", "text", "branch", "value"),
    [
        (["null", "string", "int"], "null", 0, None),
        (["null", "string", "int"], '"5"', 1, "5"),
        (["null", "string", "int"], "5", 2, 5),
        (["null", "string", "int"], '{"int": 5}', 2, 5),
        (["int", "long", "double"], "5", 0, 5),
        (["int", "long", "double"], "5000000000", 1, 5_000_000_000),
        (["int", "long", "double"], "5.5", 2, 5.5),
        (["int", "long", "double"], '{"long": 5}', 1, 5),
        (["float", "double"], "0.5", 0, 0.5),
        (["float", "double"], "0.1", 1, 0.1),
        (["boolean", "int"], "true", 0, True),
        (["boolean", "int"], "1", 1, 1),
        (["string", ENUM], '"x"', 0, "x"),
        (["string", ENUM], '{"E": "A"}', 1, "A"),
        (["bytes", "string"], '{"bytes": "AAEC"}', 0, b"\x00\x01\x02"),
        (["bytes", "string"], '"not base64!"', 1, "not base64!"),
        (["bytes", fixed(1)], '{"F": "AA=="}', 1, b"\x00"),
        (["null", MONEY, "string"], '{"bytes": "1.00"}', 1, b"\x64"),
        (["null", MONEY, "string"], "1.00", 1, b"\x64"),
        ([array("int"), mapped("int")], "[1]", 0, [1]),
        ([array("int"), mapped("int")], '{"a": 1}', 1, {"a": 1}),
        ([FIRST, SECOND], '{"a": 1}', 0, {"a": 1}),
        ([FIRST, SECOND], '{"b": 1}', 1, {"b": 1, "c": 0}),
        ([FIRST, SECOND], '{"Second": {"b": 1}}', 1, {"b": 1, "c": 0}),
        ([mapped("int"), FIRST], '{"a": 1, "b": 2}', 0, {"a": 1, "b": 2}),
        ([mapped("int"), FIRST], '{"First": {"a": 1}}', 1, {"a": 1}),
        ([mapped("int"), FIRST], '{"map": {"a": 1}}', 0, {"a": 1}),
        (["null", "string"], '{"string": "x"}', 1, "x"),
        (["null", POINT], '{"Point": {"x": 1}}', 1, {"x": 1, "y": 7}),
        (["null", mapped("string")], '{"map": {"x": "y"}}', 1, {"map": '{"x":"y"}'}),
        (["null", mapped("int")], '{"map": 5}', 1, {"map": 5}),
        (["null", mapped("int")], '{"map": {"a": 5}}', 1, {"a": 5}),
        ([{**FIRST, "namespace": "n"}, {**FIRST, "namespace": "m"}], '{"m.First": {"a": 1}}', 1, {"a": 1}),
    ],
)
def test_the_branch_of_a_union_goes_by_the_shape_or_by_its_name(avro: Any, text: str, branch: int, value: Any) -> None:
    definition = record("Top", v=avro)
    frame = encode_frame(WireSchema.of(definition), {"v": Readers().of(parse_schema(avro))(value_of(text))})
    assert frame[HEADER_BYTES] == 2 * branch
    # Read as the branch alone that it was written as.
    alone = binary.reader_of(parse_schema(record("Top", v=avro[branch])))
    assert binary.decode(frame[HEADER_BYTES + 1 :], alone)["v"] == value


@pytest.mark.parametrize(
    ("avro", "text", "said"),
    [
        (["string", ENUM], '"A"', r'may be string, E: write it as \{"string": …\}'),
        (["bytes", "string"], '"AAEC"', "may be bytes, string"),
        ([mapped("int"), FIRST], '{"a": 1}', "may be map, First"),
        ([mapped("string"), "string"], '{"string": "x"}', "may be map, and string in Avro's JSON encoding"),
        ([{**FIRST, "namespace": "n"}, {**FIRST, "namespace": "m"}], '{"a": 1}', "may be n.First, m.First"),
        ([DATE, "string"], '"2024-02-29"', "may be int, string"),
        (["int", "string"], "[]", "none of"),
        (["int", "string"], "null", "none of"),
        (["int", "string"], "2.5", "not a whole number"),
    ],
)
def test_a_value_of_several_branches_or_none_is_refused(avro: Any, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Readers().of(parse_schema(avro))(value_of(text))


def test_what_a_record_has_no_field_for_is_told_by_its_path() -> None:
    readers = Readers()
    readers.of(parse_schema(record("R", a=array(POINT))))(value_of('{"a": [{"x": 1}, {"x": 2, "z": [3]}], "b": null}'))
    assert [(path_text(steps), value) for steps, value in readers.rest] == [("a[1].z", ["3"]), ("b", None)]


@pytest.mark.parametrize("levels", [100, 400])
def test_records_nested_deeper_than_the_pipeline_reads_are_refused(levels: int) -> None:
    text = '{"v": 1, "next": ' * levels + "null" + "}" * levels
    with pytest.raises(ValueError, match="more than 64 deep"):
        Readers().of(parse_schema(NODE))(value_of(text))


def test_defaults_that_are_more_than_any_record_holds_are_refused_before_they_are_made() -> None:
    many = record("Many", **{f"f{number}": ("int", 0) for number in range(2_000)})
    with pytest.raises(ValueError, match="defaults"):
        Readers().of(parse_schema(array(many)))([{}] * 1_000_000)


def test_unions_of_records_in_each_other_cost_what_they_hold() -> None:
    first = record("A", next=(["null", "A", record("B", next=["null", "A", "B"], x="string")], None), x="int")
    text = '{"x": "b", "next": ' * 60 + "null" + "}" * 60
    value: Any = fed(record("R", a=first), f'{{"a": {{"x": 1, "next": {text}}}}}')
    depth = 0
    inner = value["a"]
    while isinstance(inner, Mapping):
        depth, inner = depth + 1, inner["next"]
    assert depth == 61
