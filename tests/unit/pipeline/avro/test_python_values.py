"""Events as Python values: there and back gives the same fields, and what is no value of its type is refused."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.pipeline.avro.model import Record
from wavetank.pipeline.avro.parse import parse
from wavetank.pipeline.avro.python_values import Misfit, shown, to_python, to_wire
from wavetank.pipeline.avro.storable import MOST_DIGITS


def record(*types: Any) -> Record:
    fields = [{"name": f"f{number}", "type": avro} for number, avro in enumerate(types)]
    avro = parse(json.loads(json.dumps({"type": "record", "name": "R", "fields": fields})))
    assert isinstance(avro, Record)
    return avro


def decimal(precision: int, scale: int, size: int | None = None) -> dict[str, Any]:
    base = {"type": "bytes"} if size is None else {"type": "fixed", "name": "D", "size": size}
    return {**base, "logicalType": "decimal", "precision": precision, "scale": scale}


INNER = {"type": "record", "name": "In", "fields": [{"name": "x", "type": decimal(3, 1)}]}
PRICE = record(decimal(5, 2))
EVERY = record(
    decimal(MOST_DIGITS, 4),
    ["null", decimal(9, 9, 16)],
    {"type": "array", "items": {"type": "map", "values": INNER}},
    "long",
    ["null", "string"],
    "double",
)  # fmt: skip


@given(st.data())
def test_a_decoded_event_goes_to_python_values_and_back(data: st.DataObject) -> None:
    def unscaled(digits: int, size: int | None = None) -> bytes:
        number = data.draw(st.integers(-(10**digits) + 1, 10**digits - 1))
        return number.to_bytes(size or (number.bit_length() + 8) // 8, signed=True)

    decoded = {
        "f0": unscaled(MOST_DIGITS),
        "f1": data.draw(st.sampled_from((None, unscaled(9, 16)))),
        "f2": [{"k": {"x": unscaled(3)}}],
        "f3": data.draw(st.integers(-(2**63), 2**63 - 1)),
        "f4": data.draw(st.none() | st.text(max_size=3)),
        "f5": data.draw(st.floats(allow_nan=False)),
    }
    values = to_python(decoded, EVERY)
    assert isinstance(values["f0"], Decimal)
    assert values["f0"].as_tuple().exponent == -4
    assert to_wire(values, EVERY) == decoded


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1.50"), b"\x00\x96"),
        (Decimal("1.5"), b"\x00\x96"),
        (Decimal("1.500000"), b"\x00\x96"),
        (Decimal("15E-1"), b"\x00\x96"),
        (7, (700).to_bytes(2)),
        (Decimal("0"), b"\x00"),
        (Decimal("-0.00000"), b"\x00"),
        (Decimal("0E+400"), b"\x00"),
        (Decimal("1E+2"), (10_000).to_bytes(2)),
        (Decimal("-999.99"), (-99_999).to_bytes(3, signed=True)),
    ],
)
def test_a_decimal_is_written_exactly(value: object, expected: bytes) -> None:
    assert to_wire({"f0": value}, PRICE) == {"f0": expected}


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (Decimal("1.005"), "f0: 1.005 has more than the 2 decimal places of its type: quantize it"),
        (Decimal("1." + "0" * 500 + "1"), "more than the 2 decimal places"),
        (Decimal("1E-400"), "more than the 2 decimal places"),
        (Decimal("1000"), "f0: 1000 has more than the 5 digits of its decimal"),
        (Decimal("1E+999999"), "more than the 5 digits"),
        pytest.param(10**5000, "f0: a int has more than the 5 digits", id="huge"),
        (Decimal("NaN"), "more than the 5 digits"),
        (Decimal("-Infinity"), "more than the 5 digits"),
        (1.5, "f0: float is no bytes (decimal)"),
        (True, "f0: bool is no bytes (decimal)"),
        (b"\x01", "f0: bytes is no bytes (decimal)"),
    ],
)  # fmt: skip
def test_a_decimal_that_would_be_rounded_or_does_not_fit_is_refused(value: object, rule: str) -> None:
    with pytest.raises(Misfit) as refused:
        to_wire({"f0": value}, PRICE)
    assert rule in str(refused.value)


@pytest.mark.parametrize(
    ("avro", "values"),
    [
        ("int", (True, 1.0, "1", 2**31, -(2**31) - 1, None, Decimal(1))),
        ("long", (False, 1.0, 2**63, None)),
        ("double", (True, "1", Decimal(1), None)),
        ("boolean", (0, 1, "true", None)),
        ("string", (b"a", 1, None)),
        ("bytes", ("a", bytearray(b"a"), None)),
        (["null", "string"], (1, b"a")),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, ("B", 0, None)),
        ({"type": "fixed", "name": "F", "size": 2}, (b"a", b"abc", "ab")),
        ({"type": "array", "items": "int"}, ("12", {1: 2}, [1, "2"], {1}, None)),
        ({"type": "map", "values": "int"}, ([1], {1: 1}, {"a": "1"}, None)),
        (
            {"type": "record", "name": "In", "fields": [{"name": "x", "type": "int"}]},
            ({}, {"x": 1, "y": 2}, {"x": "1"}, [1]),
        ),
    ],
)
def test_a_value_of_another_type_is_refused_and_its_field_named(avro: Any, values: tuple[object, ...]) -> None:
    for value in values:
        with pytest.raises(Misfit, match="f0"):
            to_wire({"f0": value}, record(avro))


def test_every_field_has_to_be_there_and_no_other() -> None:
    with pytest.raises(Misfit, match="lacks the field f0"):
        to_wire({}, PRICE)
    with pytest.raises(Misfit, match="has a field 'f1', which the schema has not"):
        to_wire({"f0": 1, "f1": 2}, PRICE)


def test_what_is_shown_of_a_value_is_bounded() -> None:
    class Silent:
        def __repr__(self) -> str:
            raise RuntimeError

    assert shown(Silent()) == "a Silent"
    assert len(shown("x" * 10_000)) < 100
    assert shown(10**5000) == "a int"
