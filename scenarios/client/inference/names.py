"""Names: the words in them, and those that Avro, a query and the partition take.

Source: Avro specification, "Names"; docs/schemas.md for the rules of a table.
"""

import re
from collections.abc import Container, Iterable

from wavetank.pipeline.layout import PARTITION_COLUMNS
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME
from wavetank.scenarios.workload.json_paths import JsonPath, avro_name
from wavetank.scenarios.workload.mapping_file import ATTRIBUTES

AS_OF = "enriched_as_of"
RESERVED = {
    **dict.fromkeys(PARTITION_COLUMNS, "is a column of the partition's"),
    EVENT_ID: "is the id of the event",
    EVENT_TIME: "is the time of the event",
    AS_OF: "says as of when an event is enriched",
    ATTRIBUTES: "keeps what has no column",
}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_AVRO_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def words(name: str) -> list[str]:
    """The words of a name, in lower case: `orderID`, `order-id` and `Order Id` are order and id."""
    return [word.lower() for word in _WORD.findall(name)]


def pascal(name: str) -> str:
    """The words of a name as the name of a type."""
    return "".join(word.capitalize() for word in words(name))


def is_avro_name(name: str) -> bool:
    """Whether Avro takes the name."""
    return _AVRO_NAME.fullmatch(name) is not None


def column_names(names: Iterable[str], event: str) -> dict[str, tuple[str, str]]:
    """The column of each name of the source, and why it has another name, empty where it has not.

    No two columns differ in case alone; names that can be kept are kept.
    """
    columns: dict[str, tuple[str, str]] = {}
    taken = dict.fromkeys(RESERVED, "")
    pending = []
    for name in names:
        if is_avro_name(name) and name.lower() not in taken:
            columns[name] = name, ""
            taken[name.lower()] = name
        else:
            pending.append(name)
    for name in pending:
        fitted, other = avro_name(name), taken.get(name.lower())
        if name.lower() in RESERVED:
            fitted = f"{avro_name(event)}_{fitted}"
            reason = RESERVED[name.lower()]
        elif other:
            reason = f"differs from {other} in case only"
        else:
            reason = "is no name in Avro"
            fitted = fitted or "unnamed"
        column, number = fitted, 1
        while column.lower() in taken:
            column = f"{fitted}_{number}"
            number += 1
        columns[name] = column, reason
        taken[column.lower()] = name
    return columns


def field_names(names: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The fields of a record by the names of the source, and of those that can have none the reason.

    A name within a record is kept, or brought into Avro's letters, as `wavetank feed` does it by itself.
    """
    fields: dict[str, str] = {}
    refused: dict[str, str] = {}
    taken: dict[str, str] = {}
    ordered = sorted(names, key=lambda name: not is_avro_name(name))
    for name in ordered:
        fitted = avro_name(name)
        if not fitted:
            refused[name] = "an empty name is none in Avro"
        elif other := taken.get(fitted.lower()):
            refused[name] = f"{name} and {other} would be one column"
        else:
            fields[name] = fitted
            taken[fitted.lower()] = name
    return fields, refused


def is_addressable_name(name: str, names: Container[str]) -> bool:
    """Whether a mapping takes a name of the source for the field, and not for a path into another one of `names`."""
    steps = JsonPath.of(name).steps
    return len(steps) == 1 or steps[0] not in names


def toml_text(text: str) -> str:
    """A text as a TOML basic string (TOML 1.0, "String")."""
    return '"' + re.sub(r'[\x00-\x1f\x7f"\\]', lambda match: f"\\u{ord(match[0]):04x}", text) + '"'
