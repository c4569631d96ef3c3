"""`wavetank try`: what would become of some events, in this process and without a stack."""

import json
import time
from base64 import b64encode
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wavetank.scenarios.commands.options import AsJson, moment
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from wavetank.pipeline.trial import Trial, TrialResult
    from wavetank.scenarios.client.wire import WireSchema
    from wavetank.scenarios.workload.mapper import Mapper
    from wavetank.scenarios.workload.rows import Row

FAILED = 1
REJECTED = "rejected"
"""The outcome of a row that is no event: `wavetank feed` would not send it."""
AS_FIELDS = {
    "id": {"field": "event_id"},
    "time": {"field": "event_time", "format": ["iso8601", "epoch_us"]},
}
"""The mapping of rows that have the fields of the raw schema."""

EPILOG = (
    "Exit codes: 0 every event would go on, or is dropped on purpose; 1 some would be quarantined or are none; 2 wrong "
    "usage, or code or rules that cannot be deployed. Example: wavetank try click events.ndjson --mapping mine.toml"
)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("try", epilog=EPILOG)(try_event)


def try_event(
    event_type: Annotated[str, typer.Argument(metavar="EVENT", help="The event type.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Newline JSON, CSV or Parquet; - is standard input.")],
    mapping: Annotated[
        str | None,
        typer.Option(
            "--mapping",
            "-m",
            metavar="FILE|NAME",
            help="TOML: how rows become events.",
            show_default="rows have the fields of the raw schema",
        ),
    ] = None,
    arrived: Annotated[str | None, typer.Option(metavar="TIME", help="When they arrive.", show_default="now")] = None,
    as_json: AsJson = False,
) -> None:
    """Print what the pipeline would make of events: mapping, encoding, processor, own code and rules. No stack needed.

    A line of output for each row that is not blank.
    """
    from wavetank.emulator.stack.home import Home, project_root, schemas_folder
    from wavetank.pipeline import topology
    from wavetank.pipeline.trial import trial
    from wavetank.scenarios.client.wire import newest_schema
    from wavetank.scenarios.workload.mapping_file import MAPPINGS
    from wavetank.scenarios.workload.rows import UnusableSourceError
    from wavetank.scenarios.workload.source_file import STANDARD_INPUT, opened

    planned = topology.load(schemas_folder())
    if str(file) != STANDARD_INPUT and not file.is_file():
        raise typer.BadParameter(f"{file}: no such file")
    arrived_us = round(moment("--arrived", arrived).timestamp() * 1e6) if arrived else time.time_ns() // 1_000
    packages = Home.from_environment().cache / "packages"
    schema = newest_schema(planned.event(event_type).folder)
    mapper, counts = _mapper(event_type, mapping, schema), Counter[str]()
    try:
        with trial(planned, event_type, packages) as tried, opened(file, None, mapper.mapping.separator) as source:
            rows = source.rows
            for row in rows:
                if not row.is_blank:
                    document = _document(row, mapper, schema, tried, arrived_us)
                    counts[document["outcome"]] += 1
                    echo(json.dumps(document, ensure_ascii=False) if as_json else _sentence(document))
    except UnusableSourceError as error:
        raise typer.BadParameter(one_line(str(error))) from error
    if rows.broken is not None:
        echo(f"{file}: the input broke off: {rows.broken}", err=True)
    if not as_json:
        echo(", ".join(f"{number} {outcome}" for outcome, number in counts.items()) or "no events", err=True)
    if mapping is None and counts[REJECTED] and (project_root() / MAPPINGS / f"{event_type}.toml").is_file():
        echo(f"rows were taken for events as they are; of a source's: --mapping {event_type}", err=True)
    if rows.broken is not None or counts.keys() & {REJECTED, "quarantined"}:
        raise typer.Exit(FAILED)


def _mapper(event_type: str, named: str | None, schema: "WireSchema") -> "Mapper":
    from wavetank.emulator.stack.home import project_root
    from wavetank.scenarios.workload.mapper import Mapper
    from wavetank.scenarios.workload.mapping_file import MAPPINGS, MappingError, find, from_document, load

    definitions = {event_type: schema.definition}
    try:
        if named is None:
            return Mapper(from_document({"event": event_type, **AS_FIELDS}, "the raw schema", definitions))
        return Mapper(load(find(named, project_root() / MAPPINGS), definitions))
    except MappingError as error:
        raise typer.BadParameter(one_line(str(error))) from error


def _document(row: "Row", mapper: "Mapper", schema: "WireSchema", tried: "Trial", arrived_us: int) -> dict[str, Any]:
    """What would become of a row, as plain data."""
    from wavetank.scenarios.client.wire import EncodingError, encode_event
    from wavetank.scenarios.workload.rejects import Rejection

    try:
        event = mapper.event_of(row)
        if isinstance(event, Rejection):
            return {"line": row.number, "outcome": REJECTED, "reason": str(event.reason), "message": event.message}
        result: TrialResult = tried.result(encode_event(schema, event.record), arrived_us)
    except (EncodingError, RecursionError) as error:
        return {"line": row.number, "outcome": REJECTED, "reason": "bad-record", "message": str(error)}
    document = {"line": row.number, "event_id": event.event_id, "outcome": str(result.outcome)}
    if result.fields is not None:
        return document | {"fields": _plain(result.fields)}
    return document | {"reason": str(result.reason), "message": result.message}


def _plain(value: Any) -> Any:
    """A Python value as JSON has it: decimals as text, bytes as Base64."""
    from collections.abc import Mapping
    from decimal import Decimal

    match value:
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case Decimal():
            return f"{value:f}"
        case bytes():
            return b64encode(value).decode()
    return value


def _sentence(document: dict[str, Any]) -> str:
    """What would become of a line, for a person; what is wrong with an event of own code comes on lines of its own."""
    head = f"line {document['line']}: {document['outcome']}"
    if "fields" in document:
        return one_line(f"{head} {json.dumps(document['fields'], ensure_ascii=False)}")
    first, *more = (document["message"] or "").split("\n")
    lines = [f"{head} as {document['reason']}" + (f": {first}" if first else ""), *more]
    return "\n".join(map(one_line, lines))
