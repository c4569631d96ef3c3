"""Generated values: every one is written and read back, and the oracle has words for it."""

import random
from io import BytesIO
from typing import Any

import fastavro
import pytest

from wavetank.scenarios.oracle.at_rest import canonical
from wavetank.scenarios.oracle.avro import Branch, type_of, words
from wavetank.scenarios.workload.generated.chains import event_schemas
from wavetank.scenarios.workload.generated.values import MalformedError, damaged, decoded, encoded, plain, value


@pytest.mark.parametrize("seed", range(60))
def test_a_value_is_what_its_bytes_are_read_as(seed: int) -> None:
    for document in event_schemas(seed, lawful=True).raw:
        avro, rng = type_of(document), random.Random(seed)
        physical = value(rng, avro, fitting=rng.random() < 0.5)
        body = encoded(rng, physical, avro)
        assert canonical(plain(decoded(body, avro))) == canonical(plain(physical))
        assert words(physical, avro)
        for _ in range(20):
            try:
                decoded(damaged(rng, body), avro)
            except MalformedError:
                continue


def test_another_library_reads_the_same_values_from_the_bytes() -> None:
    document = {
        "type": "record",
        "name": "R",
        "fields": [
            {"name": "a", "type": {"type": "array", "items": ["null", "long", "string"]}},
            {"name": "m", "type": {"type": "map", "values": {"type": "enum", "name": "E", "symbols": ["A", "B"]}}},
            {"name": "f", "type": {"type": "fixed", "name": "F", "size": 3}},
            {"name": "d", "type": "double"},
        ],
    }
    avro, parsed = type_of(document), fastavro.parse_schema(document)
    for seed in range(100):
        rng = random.Random(seed)
        physical = value(rng, avro)
        read: Any = fastavro.schemaless_reader(BytesIO(encoded(rng, physical, avro)), parsed, None)
        assert canonical(read) == canonical(plain(physical))


@pytest.mark.parametrize(
    ("document", "physical", "said"),
    [
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, b"\x04\xd2", "12.34"),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, b"", "0.00"),
        ({"type": "bytes", "logicalType": "decimal", "precision": 0}, b"\x01", b"\x01"),
        ({"type": "bytes", "logicalType": "decimal", "precision": 39}, b"\x01", b"\x01"),
        ({"type": "int", "logicalType": "time-millis"}, 5, 5_000),
        ({"type": "int", "logicalType": "timestamp-millis"}, 5, 5),
        ({"type": "long", "logicalType": "timestamp-nanos"}, 5, 5),
        (
            {"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"},
            bytes(range(16)),
            "00010203-0405-0607-0809-0a0b0c0d0e0f",
        ),
        (
            {"type": "fixed", "name": "D", "size": 12, "logicalType": "duration"},
            b"\x01\0\0\0\x02\0\0\0\xff\xff\xff\xff",
            {"months": 1, "days": 2, "milliseconds": 2**32 - 1},
        ),
        (["null", "float"], Branch(1, 0.1), 0.10000000149011612),
        (["null", {"type": "array", "items": "int"}], [1], [1]),
        (["null", "int", {"type": "bytes", "logicalType": "decimal", "precision": 2}], ("bytes", b"\x05"), "5"),
    ],
)  # fmt: skip
def test_a_value_in_the_words_of_the_oracle(document: Any, physical: Any, said: Any) -> None:
    assert words(physical, type_of(document)) == said
