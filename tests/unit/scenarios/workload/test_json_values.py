"""JSON values become values of the schema's types, exactly or not at all."""

from typing import Any

import pytest

from wavetank.pipeline.avro.parse import parse as parse_schema
from wavetank.scenarios.oracle.history import Value
from wavetank.scenarios.workload.json_scalars import Read
from wavetank.scenarios.workload.json_times import time_reader
from wavetank.scenarios.workload.json_values import Readers
from wavetank.scenarios.workload.ndjson import parse

TIME_US = 1_574_553_663_979_311


def value(text: str) -> Any:
    found = parse(f'{{"v": {text}}}'.encode())
    assert isinstance(found, dict)
    return found["v"]


def reader(avro: Any) -> Read:
    return Readers().of(parse_schema(avro))


@pytest.mark.parametrize(
    ("avro", "text", "expected"),
    [
        ("string", '"x"', "x"),
        ("string", "5", "5"),
        ("string", "1.50", "1.50"),
        ("string", "true", "true"),
        ("int", "2147483647", 2**31 - 1),
        ("int", "-2147483648", -(2**31)),
        ("int", "2.0", 2),
        ("int", "2e3", 2000),
        ("int", '" 7 "', 7),
        ("long", "9223372036854775807", 2**63 - 1),
        ("double", "3", 3.0),
        ("double", '"0.25"', 0.25),
        ("float", "0.5", 0.5),
        ("boolean", "true", True),
        ("boolean", "0", False),
        ("boolean", '"TRUE"', True),
        (["null", "int"], "4", 4),
        ({"type": "string"}, '"x"', "x"),
        (
            {"type": "map", "values": "string"},
            '{"a": "x", "b": 1.0, "c": null}',
            {"a": "x", "b": "1.0", "c": "null"},
        ),
        ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, '"B"', "B"),
        (
            {"type": "long", "logicalType": "timestamp-micros"},
            '"2019-11-24 00:01:03.979311+00:00"',
            TIME_US,
        ),
    ],
)
def test_a_value_that_fits_is_taken_without_loss(avro: Any, text: str, expected: Value) -> None:
    found = reader(avro)(value(text))
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("avro", "text", "said"),
    [
        ("string", "{}", "not text"),
        ("string", "[1]", "not text"),
        ("int", "2.5", "whole number"),
        ("int", "2147483648", "32 bits"),
        ("int", "true", "not a number"),
        ("int", '"0x10"', "not a number"),
        ("int", '""', "not a number"),
        ("int", "1e9999", "too large"),
        ("int", "1e999999999", "not a number"),
        ("long", "9223372036854775808", "64 bits"),
        ("double", "1e309", "too large"),
        ("double", '"NaN"', "not a number"),
        ("double", "[]", "not a number"),
        ("boolean", "2", "not true or false"),
        ("boolean", "[]", "not true or false"),
        ({"type": "map", "values": "string"}, '"x"', "not an object"),
        ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, '"C"', "A, B"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_reason(avro: Any, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        reader(avro)(value(text))


@pytest.mark.parametrize(
    ("time_format", "text"),
    [
        ("iso8601", '"2019-11-24T00:01:03.979311Z"'),
        ("iso8601", '"2019-11-24T09:01:03.979311+09:00"'),
        ("iso8601", '"2019-11-24T00:01:03.979311"'),
        ("iso8601", '"20191124T000103.979311Z"'),
        ("iso8601", '"2019-11-24 00:01:03.979311999+00:00"'),
        ("epoch_s", "1574553663.979311"),
        ("epoch_ms", '"1574553663979.311"'),
        ("epoch_us", "1574553663979311"),
        ("%d/%b/%Y:%H:%M:%S.%f %z", '"24/Nov/2019:01:01:03.979311 +0100"'),
        ("%Y-%m-%d %H:%M:%S.%f", '"2019-11-24 00:01:03.979311"'),
    ],
)
def test_one_moment_in_every_format_is_the_same_microsecond(time_format: str, text: str) -> None:
    assert time_reader(time_format)(value(text)) == TIME_US


def test_a_moment_before_1970_is_negative() -> None:
    assert time_reader("iso8601")(value('"1969-12-31T23:59:59Z"')) == -1_000_000


@pytest.mark.parametrize(
    ("time_format", "text"),
    [
        ("iso8601", '"yesterday"'),
        ("iso8601", '"2019-02-30"'),
        ("iso8601", "20191124000103979311"),
        ("iso8601", "{}"),
        ("iso8601", '"0001-01-01T00:00:00+09:00"'),
        ("epoch_s", "1e30"),
        ("epoch_s", "true"),
        ("epoch_us", "253402300800000000"),
        ("%Y-%m-%d", '"2019-11-24x"'),
    ],
)
def test_what_is_no_moment_of_the_years_1_to_9999_is_refused(time_format: str, text: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        time_reader(time_format)(value(text))


@pytest.mark.parametrize("time_format", ["epoch", "rfc3339", "", "%Q", "%H:%M", "%Y %"])
def test_an_unknown_time_format_is_refused_before_the_first_line(time_format: str) -> None:
    with pytest.raises(ValueError, match=r"format|strptime|year"):
        time_reader(time_format)
