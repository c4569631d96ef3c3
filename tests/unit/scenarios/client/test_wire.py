"""The producer's encoding, against the specification and against the pipeline's own reader."""

import json
import zlib
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from wavetank.emulator.stack.home import project_root
from wavetank.pipeline.core import frame
from wavetank.scenarios.client.wire import (
    HEADER_BYTES,
    MAX_FRAME_BYTES,
    EncodingError,
    FrameTooLargeError,
    WireSchema,
    encode_frame,
    frame_of,
    newest_schema,
)

SCHEMAS = sorted((project_root() / "schemas").glob("*/*.avsc"))
PAIR = WireSchema.of(
    {
        "type": "record",
        "name": "Pair",
        "namespace": "test",
        "doc": "Left out of the canonical form.",
        "fields": [
            {"name": "event_id", "type": "string"},
            {"name": "size", "type": ["null", "int"], "default": None},
        ],
    }
)


def canonical(avro: Any, namespace: str = "") -> str:
    """The parsing canonical form, written again from the Avro specification."""
    if isinstance(avro, str):
        return json.dumps(avro)
    if isinstance(avro, list):
        return "[" + ",".join(canonical(branch, namespace) for branch in avro) + "]"
    if set(avro) & {"fields", "symbols", "size"}:
        space = avro.get("namespace", namespace)
        name = avro["name"] if "." in avro["name"] or not space else f"{space}.{avro['name']}"
        parts = [f'"name":{json.dumps(name)}', f'"type":{json.dumps(avro["type"])}']
        if "fields" in avro:
            fields = [
                f'{{"name":{json.dumps(field["name"])},"type":{canonical(field["type"], space)}}}'
                for field in avro["fields"]
            ]
            parts.append(f'"fields":[{",".join(fields)}]')
        if "symbols" in avro:
            parts.append(f'"symbols":{json.dumps(avro["symbols"], separators=(",", ":"))}')
        return "{" + ",".join(parts) + "}"
    if avro["type"] == "map":
        return f'{{"type":"map","values":{canonical(avro["values"], namespace)}}}'
    if avro["type"] == "array":
        return f'{{"type":"array","items":{canonical(avro["items"], namespace)}}}'
    return canonical(avro["type"], namespace)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_fingerprint_is_the_md5_of_the_canonical_form(path: Path) -> None:
    definition = json.loads(path.read_text("utf-8"))
    assert WireSchema.of(definition).fingerprint == md5(canonical(definition).encode()).digest()


def test_a_frame_has_the_layout_of_version_1() -> None:
    body = b"\x04ab" + b"\x02\x06"  # "ab" has length 2; branch 1 of the union, then 3, both zig-zag
    written = encode_frame(PAIR, {"event_id": "ab", "size": 3})
    canonical_form = (
        b'{"name":"test.Pair","type":"record","fields":'
        b'[{"name":"event_id","type":"string"},{"name":"size","type":["null","int"]}]}'
    )
    header = b"\x01WTK" + b"\x00\x00\x00\x05" + md5(canonical_form).digest()
    header_check = zlib.crc32(header)
    checks = header_check.to_bytes(4, "big") + zlib.crc32(body, header_check).to_bytes(4, "big")
    assert written == header + checks + body
    assert len(written) == HEADER_BYTES + len(body)


def test_the_pipeline_reads_what_the_producer_writes() -> None:
    frames = [encode_frame(PAIR, {"event_id": str(n), "size": n}) for n in range(3)]
    found = list(frame.scan(b"".join(frames)))
    assert [type(piece) for piece in found] == [frame.Frame] * 3
    assert {piece.fingerprint for piece in found if isinstance(piece, frame.Frame)} == {PAIR.fingerprint}


def test_a_field_left_out_takes_its_default() -> None:
    assert encode_frame(PAIR, {"event_id": "a"}) == encode_frame(PAIR, {"event_id": "a", "size": None})


@pytest.mark.parametrize(
    "record",
    [
        {"event_id": "a", "unknown": 1},
        {"size": 1},
        {"event_id": 5},
        {"event_id": "a", "size": "one"},
        {"event_id": "a", "size": 2**31},
        {"event_id": "\ud800"},
    ],
)
def test_a_record_that_does_not_fit_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(EncodingError, match="does not fit the schema"):
        encode_frame(PAIR, record)


def test_a_frame_fills_one_kinesis_record_and_not_more() -> None:
    room = MAX_FRAME_BYTES - HEADER_BYTES
    assert len(frame_of(b"f" * 16, b"b" * room)) == MAX_FRAME_BYTES
    with pytest.raises(FrameTooLargeError, match="1,048,577 bytes"):
        frame_of(b"f" * 16, b"b" * (room + 1))


def test_the_newest_schema_is_the_highest_number_not_the_last_name(tmp_path: Path) -> None:
    for version, size in ((2, "int"), (10, "long"), (9, "float")):
        definition = {"type": "record", "name": "R", "fields": [{"name": "size", "type": size}]}
        (tmp_path / f"raw.v{version}.avsc").write_text(json.dumps(definition))
    assert newest_schema(tmp_path).definition["fields"] == [{"name": "size", "type": "long"}]
    with pytest.raises(FileNotFoundError, match="no processed"):
        newest_schema(tmp_path, "processed")
