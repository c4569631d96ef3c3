"""A proposal for an event type: its schemas, a mapping and samples, made of a survey, with the reason of each part."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from wavetank.pipeline import topology
from wavetank.pipeline.layout import SCHEMAS
from wavetank.pipeline.schemas import checks
from wavetank.scenarios.client.inference import declared
from wavetank.scenarios.client.inference.columns import Columns, EnumError, Undecided, optional, title
from wavetank.scenarios.client.inference.identity import Choice, ChoiceError, time_choice, time_of
from wavetank.scenarios.client.inference.names import column_names, is_addressable_name, pascal, toml_text
from wavetank.scenarios.client.inference.numbers import Conclusion
from wavetank.scenarios.client.inference.observation import MOST_PLACES, Observation
from wavetank.scenarios.client.inference.survey import Survey
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME
from wavetank.scenarios.workload.json_paths import avro_name
from wavetank.scenarios.workload.mapping_file import ATTRIBUTES, MAPPINGS
from wavetank.scenarios.workload.source_file import Format

SAMPLES = "samples"
"""The folder of a project's samples."""
MICRO_PLACES = 6


class InferenceError(ValueError):
    """No event type can be proposed for a file; the message says why, and the way out."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the proposal: the field of the source, the type in a word, in how many rows it has a value, and why.

    renamed: why it has another name than the field, empty where it has not. is_explicit: it stands in the mapping.
    """

    source: str
    name: str
    type: str
    values: int
    reason: str
    renamed: str = ""
    is_explicit: bool = False


@dataclass(frozen=True)
class Proposal:
    """An event type that holds all rows of a file: its Avro schemas, and the mapping for `wavetank feed` in TOML."""

    event: str
    id: Choice
    time: Choice
    columns: Sequence[Column]
    undecided: Sequence[Undecided]
    warnings: Sequence[str]
    raw: Mapping[str, Any] = field(repr=False)
    processed: Mapping[str, Any] = field(repr=False)
    mapping: str = field(repr=False)
    samples: bytes = field(repr=False)
    suffix: str = ".ndjson"

    def files(self) -> dict[Path, bytes]:
        """The files by their paths in the project."""
        folder = Path(SCHEMAS) / self.event
        return {
            folder / "raw.v1.avsc": _text(self.raw),
            folder / "processed.v1.avsc": _text(self.processed),
            Path(MAPPINGS) / f"{self.event}.toml": self.mapping.encode(),
            Path(SAMPLES) / f"{self.event}{self.suffix}": self.samples,
        }

    def problems(self) -> list[str]:
        """Everything that keeps the schemas from being published, as `wavetank schemas check` says it."""
        with TemporaryDirectory(prefix="wavetank-") as folder:
            for path, content in self.files().items():
                (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / path).write_bytes(content)
            return list(checks.check_folder(topology.load(Path(folder) / SCHEMAS)).refused)


def propose(event: str, survey: Survey, time_format: str | None = None, enums: Sequence[str] = ()) -> Proposal:
    """The proposal for what was surveyed; time_format: of the field that was named as the time; enums: as surveyed.

    Raises InferenceError, ChoiceError where a person has to name the time, EnumError.
    """
    if not survey.rows:
        reasons = ", ".join(f"{reason} {number:,}" for reason, number in survey.unread.most_common())
        listed = f" ({reasons}; {survey.first_unread})" if reasons else ""
        remedy = "Newline JSON has one object a line, as `jq -c '.[]'` writes it; --format says what else it is."
        raise InferenceError(f"no row of it is an event{listed}. {remedy}")
    for name in enums:
        if name not in survey.root.members:
            raise EnumError(f"--enum {name}: no row has a value there. {_fields(survey)}")
    id_, time = _id(survey), _time(survey, time_format)
    maker = Columns(event, is_csv=survey.format is Format.CSV)
    fields, columns = _columns(event, survey, (id_, time), maker)
    needs_rest = survey.places.refused or any(not undecided.has_column for undecided in maker.undecided)
    if needs_rest:
        doc = "What no other column holds, by the names or paths of the source, as JSON text."
        fields.append({"name": ATTRIBUTES, "type": {"type": "map", "values": "string"}, "default": {}, "doc": doc})
    return Proposal(
        event=event,
        id=id_,
        time=time,
        columns=columns,
        undecided=tuple(maker.undecided),
        warnings=tuple(_warnings(survey)),
        raw=_schema(event, "raw", id_, time, fields),
        processed=_schema(event, "processed", id_, time, fields),
        mapping=_mapping(event, survey, id_, time, columns),
        samples=_samples(survey),
        suffix=".csv" if survey.format is Format.CSV else ".ndjson",
    )


def _id(survey: Survey) -> Choice:
    named = survey.id
    if named is None:
        return survey.proposed_id or Choice(
            "", "as asked for: a hash of the whole row, so that equal rows are one event"
        )
    if named.missing == survey.rows:
        raise InferenceError(f"--id {named.path.text}: no row has a value there. {_fields(survey)}")
    return Choice(named.path.text, "as asked for")


def _time(survey: Survey, time_format: str | None) -> Choice:
    named = survey.time
    if named is None:
        return time_of(survey.root, survey.rows)
    path = named.path.text
    if named.missing == survey.rows:
        raise InferenceError(f"--time {path}: no row has a value there. {_fields(survey)}")
    if time_format is not None:
        return Choice(path, "as asked for", (time_format,))
    choice = time_choice(path, named.seen)
    if choice is None:
        examples = ", ".join(repr(text) for text in named.seen.texts.examples)
        shown = f" (such as {examples})" if examples else ""
        raise ChoiceError(
            f"--time {path}: its values{shown} are not all ISO 8601, nor numbers since 1970 in one unit. Give their "
            "format with --time-format, such as '%d/%m/%Y %H:%M'."
        )
    return Choice(path, f"as asked for: {choice.reason}", choice.formats)


def _fields(survey: Survey) -> str:
    return f"There are: {', '.join(list(survey.root.members)[:50])}."


def _warnings(survey: Survey) -> Iterator[str]:
    for option, named in (("--id", survey.id), ("--time", survey.time)):
        if named is not None and named.missing:
            yield (
                f"{option} {named.path.text}: {named.missing:,} rows have no value there, row {named.first_missing} is "
                "the first; a feed rejects them"
            )
    if survey.id is not None and survey.id.repeats:
        yield f"--id {survey.id.path.text}: {survey.id.repeats:,} rows repeat an id: copies with one id are one event"
    if survey.unread:
        reasons = ", ".join(f"{reason} {number:,}" for reason, number in survey.unread.most_common())
        yield f"{sum(survey.unread.values()):,} rows are no objects ({reasons}): {survey.first_unread}"
    if survey.places.refused:
        yield f"the rows have more than {MOST_PLACES:,} fields: those that came later are kept in {ATTRIBUTES}"
    if survey.broken:
        yield f"the file was not read to its end: {survey.broken}"


def _columns(
    event: str, survey: Survey, rules: tuple[Choice, Choice], maker: Columns
) -> tuple[list[dict[str, Any]], list[Column]]:
    """The fields of the schema after id and time, and the columns for people."""
    members = survey.root.members
    ruled = {rule.field for rule in rules if rule.field}
    consumed = set(ruled)
    if rules[1].field in members and members[rules[1].field].texts.digits > MICRO_PLACES:
        # The time of an event is in microseconds: what has more digits is kept beside it.
        consumed.discard(rules[1].field)
    conclusions: dict[str, Conclusion] = {}
    for name, seen in members.items():
        if name in consumed:
            continue
        if not is_addressable_name(name, members):
            maker.without_column((name,), "its name reads as a path into another field")
        elif (conclusion := _conclusion(maker, survey, name, seen)) is not None:
            conclusions[name] = conclusion
    names = column_names(conclusions, event)
    # A feed takes `a-b` for the column `a_b`, unless that is given to another by name.
    contested = {avro_name(name) for name in members if name not in conclusions}
    fields, columns = [], []
    for name, (avro, reason) in conclusions.items():
        column, why = names[name]
        is_explicit = bool(why) or column in contested or name in ruled
        doc = f"The field {name} of the source, which {why}." if why else ""
        fields.append(optional(column, avro, doc))
        columns.append(Column(name, column, title(avro), members[name].values, reason, why, is_explicit))
    return fields, columns


def _conclusion(maker: Columns, survey: Survey, name: str, seen: Observation) -> Conclusion | None:
    if survey.columns is None or seen.symbols is not None:
        return maker.conclusion(seen, (name,))
    return declared.conclusion(maker, survey.columns.field(name).type, (name,))


def _schema(event: str, role: str, id_: Choice, time: Choice, fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    id_doc = f"The field {id_.field} of the source." if id_.field else "A hash of the whole row."
    return {
        "type": "record",
        "name": pascal(event),
        "namespace": f"wavetank.{role}",
        "doc": "As the producer sends it." if role == "raw" else "Decoded.",
        "fields": [
            {"name": EVENT_ID, "type": "string", "doc": f"{id_doc} Copies with one id are one event."},
            {
                "name": EVENT_TIME,
                "type": {"type": "long", "logicalType": "timestamp-micros"},
                "doc": f"The field {time.field} of the source, UTC; it decides the partition.",
            },
            *fields,
        ],
    }


def _mapping(event: str, survey: Survey, id_: Choice, time: Choice, columns: Sequence[Column]) -> str:
    formats = [toml_text(one) for one in time.formats]
    lines = [
        f"# How rows become events of the type {event}: see docs/feed.md.",
        f"event = {toml_text(event)}",
        "",
        "[id]",
        f"field = {toml_text(id_.field)}" if id_.field else 'hash = "*"',
        "",
        "[time]",
        f"field = {toml_text(time.field)}",
        f"format = {formats[0] if len(formats) == 1 else f'[{", ".join(formats)}]'}",
    ]
    renames = [f"{toml_text(each.source)} = {toml_text(each.name)}" for each in columns if each.is_explicit]
    if renames:
        lines += ["", "[rename]", *renames]
    if survey.separator is not None:
        lines += ["", "[csv]", f"separator = {toml_text(survey.separator)}"]
    return "\n".join(lines) + "\n"


def _samples(survey: Survey) -> bytes:
    header = [survey.header] if survey.format is Format.CSV else []
    return b"".join(line + b"\n" for line in (*header, *survey.samples))


def _text(schema: Mapping[str, Any]) -> bytes:
    """The schema as JSON with a line for each field."""
    outer = json.dumps({**schema, "fields": []}, indent=2, ensure_ascii=False)
    fields = ",\n".join(f"    {json.dumps(each, ensure_ascii=False)}" for each in schema["fields"])
    return outer.replace('"fields": []', f'"fields": [\n{fields}\n  ]').encode() + b"\n"
