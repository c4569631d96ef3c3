"""Inputs for fuzzing: sound bytes of generated schemas, damaged in every way that a seed can think of."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from wavetank.pipeline.core import frame
from wavetank.pipeline.core.decode import encode
from wavetank.pipeline.core.schema import Role, Schema, parse
from wavetank.scenarios.client.wire import WireSchema, confluent, single_object

TOUCHY = (
    b"\x00",
    b"\x01",
    b"\x02",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    frame.START,
)


def schema_of(document: dict[str, Any], version: int = 1, role: Role = Role.PROCESSED) -> Schema:
    """A generated document as a schema of the event type `ping`; a raw one may be of types that cannot be at rest."""
    return parse(json.dumps(document), "ping", role, version)


def sound(schema: Schema, fields: dict[str, Any]) -> list[bytes]:
    """The body of an event, each of its envelopes, and a chunk of three frames."""
    body = encode(fields, schema)
    framed = frame.encode(schema.fingerprint, body)
    wire = WireSchema.of(schema.definition)
    physical = WireSchema(schema.definition, wire.fingerprint, schema.physical)
    return [body, framed, single_object(physical, fields), confluent(7, physical, fields), framed * 3]


def damaged(whole: bytes, rng: Random, number: int) -> Iterator[bytes]:
    """So many inputs made of `whole`: bytes changed, cut, put in, repeated."""
    for _ in range(number):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            at = rng.randrange(len(data) + 1)
            match rng.randrange(6):
                case 0 if data:
                    data[at % len(data)] ^= 1 << rng.randrange(8)
                case 1:
                    del data[at:]
                case 2:
                    del data[at : at + rng.randrange(1, 9)]
                case 3:
                    data[at:at] = rng.choice(TOUCHY)
                case 4:
                    data[at : at + 1] = rng.choice(TOUCHY)
                case _:
                    data[at:at] = data[: rng.randrange(64)]
        yield bytes(data)


def resealed(data: bytes, schema: Schema) -> bytes:
    """The damaged body in a frame whose checks hold, as a producer with a bug would send it."""
    return frame.encode(schema.fingerprint, data)
