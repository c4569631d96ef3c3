"""Files at rest, read back as plain values."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wavetank.scenarios.client.at_rest import Layer, RestFile, RestKey, UnreadableFileError

FOLDER = "event=ping/date=2019-11-24/hour=09/bucket=01"
TIME = datetime(2019, 11, 24, 9, 0, 1, 979_311, tzinfo=UTC)
TIME_US = 1_574_586_001_979_311
RECORDS: list[dict[str, Any]] = [
    {"event_id": "a", "event_time": TIME, "attributes": {"k": '"v"'}},
    {"event_id": "b", "event_time": TIME, "attributes": {}},
]
PLAIN = [{**record, "event_time": TIME_US} for record in RECORDS]


def avro() -> bytes:
    schema = {
        "type": "record",
        "name": "Ping",
        "fields": [
            {"name": "event_id", "type": "string"},
            {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            {"name": "attributes", "type": {"type": "map", "values": "string"}},
        ],
    }
    out = BytesIO()
    fastavro.writer(out, schema, RECORDS)
    return out.getvalue()


def parquet() -> bytes:
    types: list[tuple[str, pa.DataType]] = [
        ("event_id", pa.string()),
        ("event_time", pa.timestamp("us", "UTC")),
        ("attributes", pa.map_(pa.string(), pa.string())),
    ]
    out = BytesIO()
    pq.write_table(pa.Table.from_pylist(RECORDS, pa.schema(types)), out)
    return out.getvalue()


def test_a_key_says_layer_type_and_partition() -> None:
    key = RestKey.parse(f"avro/{FOLDER}/events.avro")
    assert key == RestKey(key.key, Layer.AVRO, "ping", "2019-11-24", 9, 1)


@pytest.mark.parametrize("key", ["avro/events.avro", f"other/{FOLDER}/x", f"avro/{FOLDER}", f"avro/{FOLDER}/a/b"])
def test_another_form_of_key_is_an_error(key: str) -> None:
    with pytest.raises(UnreadableFileError, match="not a key"):
        RestKey.parse(key)


@pytest.mark.parametrize(("layer", "data"), [(Layer.AVRO, avro()), (Layer.PARTS, avro()), (Layer.PARQUET, parquet())])
def test_every_layer_reads_as_the_same_plain_records(layer: Layer, data: bytes) -> None:
    file = RestFile(RestKey.parse(f"{layer}/{FOLDER}/events"), data)
    assert file.records() == PLAIN


def test_a_damaged_file_is_named() -> None:
    file = RestFile(RestKey.parse(f"parquet/{FOLDER}/events.parquet"), b"PAR1 damaged")
    with pytest.raises(UnreadableFileError, match=file.at.key):
        file.records()
