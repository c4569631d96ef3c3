"""Events as lines of JSON, as producers without Avro write them, and the bodies that `wavetank feed` makes of them."""

import json
import math
import uuid
from base64 import b64encode
from collections.abc import Mapping
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from wavetank.pipeline.avro.parse import parse
from wavetank.scenarios.client.wire import HEADER_BYTES, WireSchema, encode_frame
from wavetank.scenarios.oracle import avro
from wavetank.scenarios.oracle.avro import Branch
from wavetank.scenarios.workload.json_values import Readers
from wavetank.scenarios.workload.ndjson import parse as parse_line
from wavetank.scenarios.workload.rejects import Rejection

MOST_DIGITS = 4_000


class NoJsonError(ValueError):
    """A value that JSON has no form for that is documented."""


def body_of(physical: Mapping[str, Any], schema: str) -> bytes:
    """The body that is fed for a value of a schema. Raises NoJsonError, and ValueError where the line is refused."""
    wire, reader, avro_type = _prepared(schema)
    line = json.dumps(as_json(physical, avro_type), allow_nan=False).encode()
    source = parse_line(line)
    if isinstance(source, Rejection):
        raise ValueError(source.message)
    return encode_frame(wire, reader(source))[HEADER_BYTES:]


@lru_cache(8)
def _prepared(schema: str) -> tuple[WireSchema, Any, avro.Type]:
    document = json.loads(schema)
    return WireSchema.of(document), Readers().of(parse(document)), avro.type_of(document)


def as_json(value: Any, of: avro.Type) -> Any:
    """A physical value as docs/feed.md says that JSON has it. Raises NoJsonError."""
    if of.get("logical"):
        return _logical(value, of)
    match of["type"]:
        case "union":
            return _union(value, of["branches"])
        case "record":
            return {field["name"]: as_json(value[field["name"]], field["type"]) for field in of["fields"]}
        case "array":
            return [as_json(item, of["items"]) for item in value]
        case "map":
            return {key: as_json(item, of["values"]) for key, item in value.items()}
        case "bytes" | "fixed":
            return b64encode(value).decode()
        case "float" | "double" if not math.isfinite(value):
            raise NoJsonError("JSON has no such number")
    return value


def _union(value: Any, branches: list[avro.Type]) -> Any:
    number = value.number if isinstance(value, Branch) else _branch_of(value, branches)
    branch, inner = branches[number], value.value if isinstance(value, Branch) else value
    if branch["type"] == "null":
        return None
    written = as_json(inner, branch)
    others = [other for other in branches if other["type"] != "null"]
    return written if len(others) == 1 else {branch.get("name", branch["type"]): written}


def _branch_of(value: Any, branches: list[avro.Type]) -> int:
    return next(number for number, branch in enumerate(branches) if (branch["type"] == "null") == (value is None))


def _logical(value: Any, of: avro.Type) -> Any:
    name, *numbers = of["logical"]
    match name:
        case "decimal":
            unscaled = int.from_bytes(value, signed=True)
            if abs(unscaled).bit_length() > 3 * MOST_DIGITS:
                raise NoJsonError("a number of very many digits")
            return f"{Decimal(unscaled).scaleb(-numbers[1], Context(prec=MOST_DIGITS)):f}"
        case "big-decimal":
            raise NoJsonError("any bytes may be in it")
        case "uuid":
            return value if of["type"] == "string" else str(uuid.UUID(bytes=value))
        case "duration":
            parts = [int.from_bytes(value[at : at + 4], "little") for at in (0, 4, 8)]
            return dict(zip(("months", "days", "milliseconds"), parts, strict=True))
    return value
