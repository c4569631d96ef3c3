"""The cost of framing and guarded decoding beside plain fastavro, on the same records in the same run.

    decode_ratio   plain ÷ ours: a frame checked, its record decoded, guarded and identified, against schemaless_reader
    encode_ratio   plain ÷ ours: a record encoded and framed, against schemaless_writer
    decode_per_s, encode_per_s, plain_decode_per_s, plain_encode_per_s   records a second, of the fastest round

The rounds take turns, so that both sides meet the same weather; the fastest round of each side counts.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from fastavro import schemaless_reader, schemaless_writer

from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline.core import decode, frame
from wavetank.pipeline.core.schema import Role, Schema, parse
from wavetank.pipeline.records import Event
from wavetank.scenarios.benchmarks.registry import BenchFailedError
from wavetank.scenarios.client.wire import HEADER_BYTES, WireSchema, encode_frame
from wavetank.scenarios.run.event_types import ad_stream_schemas
from wavetank.scenarios.workload.synthetic import EventType, synthetic

EVENTS = 3_000
ROUNDS = 40
START = datetime(2019, 11, 24, 12, tzinfo=UTC)


def run(_stack: Stack) -> dict[str, float]:
    """Measure in this process. Raises BenchFailedError where a record does not come back."""
    path = ad_stream_schemas() / EventType.IMPRESSION / "raw.v1.avsc"
    schema = parse(path.read_bytes(), EventType.IMPRESSION, Role.RAW, 1)
    sent = [event.record for event in synthetic(EVENTS, 1, START) if event.event_type == EventType.IMPRESSION]
    wire = WireSchema.of(schema.definition)
    bodies = [encode_frame(wire, record)[HEADER_BYTES:] for record in sent]
    records: list[Any] = [schemaless_reader(BytesIO(body), schema.physical, None) for body in bodies]
    frames = [frame.encode(schema.fingerprint, body) for body in bodies]
    for body, data in zip(bodies, frames, strict=True):
        piece = frame.decode(data)
        event = decode.decode(piece.body, schema) if isinstance(piece, frame.Frame) else piece
        if not isinstance(event, Event) or event.fields != schemaless_reader(BytesIO(body), schema.physical, None):
            raise BenchFailedError(f"a record did not come back: {event}")
    work: dict[str, Callable[[], None]] = {
        "plain_decode": lambda: _plain_decode(schema, bodies),
        "decode": lambda: _decode(schema, frames),
        "plain_encode": lambda: _plain_encode(schema, records),
        "encode": lambda: _encode(schema, records),
    }
    best = dict.fromkeys(work, float("inf"))
    for _ in range(ROUNDS):
        for name, once in work.items():
            began = time.perf_counter()
            once()
            best[name] = min(best[name], time.perf_counter() - began)
    return {
        "records": len(records),
        "decode_ratio": best["plain_decode"] / best["decode"],
        "encode_ratio": best["plain_encode"] / best["encode"],
        **{f"{name}_per_s": len(records) / seconds for name, seconds in best.items()},
    }


def _plain_decode(schema: Schema, bodies: Sequence[bytes]) -> None:
    for body in bodies:
        schemaless_reader(BytesIO(body), schema.physical, None)


def _decode(schema: Schema, frames: Sequence[bytes]) -> None:
    for data in frames:
        piece = frame.decode(data)
        if isinstance(piece, frame.Frame):
            decode.decode(piece.body, schema)


def _plain_encode(schema: Schema, records: Sequence[dict[str, Any]]) -> None:
    for record in records:
        out = BytesIO()
        schemaless_writer(out, schema.physical, record)
        out.getvalue()


def _encode(schema: Schema, records: Sequence[dict[str, Any]]) -> None:
    for record in records:
        frame.encode(schema.fingerprint, decode.encode(record, schema))
