"""The records of a PutRecords request are read at once, where they are as nearly all are.

LocalStack walks the API's shapes member by member, which takes longer for a record than keeping it does. Whatever is
not plain is left to that walk, and with it every error.
"""

from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Callable
from types import ModuleType
from typing import Any

from wavetank.emulator.patches import wrap
from wavetank.emulator.runtime.on_import import when_imported

OPERATION_INPUT = "PutRecordsInput"
PLAIN = frozenset({"Data", "PartitionKey"})


def install() -> None:
    """Change the parser when it is imported."""
    when_imported("localstack.aws.protocol.parser", read_at_once)


def read_at_once(parser: ModuleType) -> None:
    """Let the JSON parser read records so. Raises TypeError where LocalStack has another."""
    wrap(parser, "JSONRequestParser._handle_json_body", parse, "request", "shape", "uri_params")


def parse(walk: Callable[..., Any], parser: Any, request: Any, shape: Any, uri_params: Any = None) -> Any:
    """`walk`, but for the records of a PutRecords request in JSON that are all plain."""
    if shape.name != OPERATION_INPUT or request.mimetype.startswith("application/x-amz-cbor"):
        return walk(parser, request, shape, uri_params)
    body = parser._parse_body_as_json(request)
    records = plain_records(body.get("Records")) if isinstance(body, dict) else None
    if records is None:
        return walk(parser, request, shape, uri_params)
    rest = {name: value for name, value in body.items() if name != "Records"}
    return parser._parse_shape(request, shape, rest, uri_params) | {"Records": records}


def plain_records(given: object) -> list[dict[str, object]] | None:
    """Records with just data in base64 and a partition key; None unless every one is such a record."""
    if not isinstance(given, list):
        return None
    records: list[dict[str, object]] = []
    try:
        for record in given:
            data, key = record["Data"], record["PartitionKey"]
            if record.keys() != PLAIN or not isinstance(data, str) or not isinstance(key, str):
                return None
            records.append({"Data": a2b_base64(data), "PartitionKey": key})
    except (NotBase64, TypeError, ValueError, KeyError):
        return None
    return records
