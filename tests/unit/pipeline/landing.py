"""Generated cases of the whole core: schemas through the gate, records through processor, partitioner and merge.

A case is a function of its seed. `hold` raises what it finds, `Landed` says how much went which way.
"""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import LocalFileSystem

from tests.unit.pipeline import fed
from wavetank.pipeline import layout, topology
from wavetank.pipeline.avro.model import Record
from wavetank.pipeline.avro.parse import parse as parse_schema
from wavetank.pipeline.avro.storable import schema_misfits
from wavetank.pipeline.core import envelope, frame
from wavetank.pipeline.core.bulk import batch
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.bulk.merge import merge_all
from wavetank.pipeline.core.enrich import Enricher
from wavetank.pipeline.core.files import avro_file, parquet
from wavetank.pipeline.core.partition import Scanned, partition
from wavetank.pipeline.core.process import BatchContext, process
from wavetank.pipeline.core.schema import Role, Schema, parse
from wavetank.pipeline.layout import Partition
from wavetank.pipeline.records import Entry, Reason, Rejection
from wavetank.pipeline.schemas.checks import check_event
from wavetank.pipeline.schemas.registry import Registry
from wavetank.pipeline.topology import EventType
from wavetank.scenarios.client import at_rest, columns
from wavetank.scenarios.client.parquet_files import ParquetFile, Skipped, table_of
from wavetank.scenarios.oracle import avro
from wavetank.scenarios.oracle.at_rest import Model, canonical
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME
from wavetank.scenarios.workload.generated import values
from wavetank.scenarios.workload.generated.chains import EventSchemas, event_schemas

BUCKETS = 2
NOON_US = 1_574_596_800_000_000
HOUR_US = 3_600_000_000
ARRIVED_US = NOON_US + 10 * 365 * 24 * HOUR_US
RECORDS = 4
"""Records of each raw version, by default."""
CHOICES = {
    Reason.DOES_NOT_FIT, Reason.UNDECODABLE, Reason.TRAILING_BYTES, Reason.MISSING_ID, Reason.INVALID_TIME,
    Reason.FUTURE_TIME, Reason.OVERSIZE,
}  # fmt: skip
"""The reasons for which the processor may refuse bytes without reference data being to blame."""


@dataclass
class Landed:
    """The tally of cases: of event types by what the gate said, of records by what became of them."""

    counts: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return ", ".join(f"{name} {number:,}" for name, number in sorted(self.counts.items()))


@dataclass
class Folder:
    """A registry's bucket that is a folder of schemas: of the processed ones those up to a version."""

    event: EventType
    newest: int

    def versions(self, prefix: str) -> Mapping[str, str]:
        """Every version that is published."""
        return {
            file.key: file.path.name for file in self.event.schemas if file.role == "raw" or file.version <= self.newest
        }

    def find(self, key: str) -> bytes | None:
        """The bytes of a version."""
        return next((file.path.read_bytes() for file in self.event.schemas if file.key == key), None)


@dataclass(frozen=True)
class Sent:
    """A frame on the processed stream, and its event as physical values of that version; None for what is none."""

    version: int
    fields: Mapping[str, Any] | None
    frame: bytes


@dataclass
class Case:
    """A case by its seed.

    only: the numbers of the fields that the event type has, None for all. records: how many of each raw version.
    """

    seed: int
    folder: Path
    database: duckdb.DuckDBPyConnection
    landed: Landed
    only: Collection[int] | None = None
    records: int = RECORDS

    @cached_property
    def schemas(self) -> EventSchemas:
        return event_schemas(self.seed, only=self.only)

    def hold(self) -> None:
        """Let the records of all versions go all the way."""
        place = self.schemas.write(self.folder)
        event = topology.load(self.folder).event(place.name)
        if check_event(event, {}):
            self.landed.counts["event types refused"] += 1
            return
        self.landed.counts["event types"] += 1
        processed = [avro.type_of(document) for document in self.schemas.processed]
        raw = [avro.type_of(document) for document in self.schemas.raw]
        chunks: list[list[Sent]] = []
        schemas: dict[bytes, Schema] = {}
        for version in range(1, len(processed) + 1):
            registry = Registry(Folder(event, version), event.name, pause=lambda: None)
            registry.refresh()
            target = registry.newest(Role.PROCESSED)
            if target.version != version:
                # A version that cannot be at rest was accepted for the one after it, and is never the newest.
                unused = parse_schema(self.schemas.processed[version - 1])
                assert isinstance(unused, Record)
                assert list(schema_misfits(unused))
                continue
            taken = [
                one
                for number in range(1, len(raw) + 1)
                for one in self._processed(registry, target, (number, raw[number - 1]), processed[version - 1])
            ]
            chunks.append([*taken, *self._damaged(taken, target, processed[version - 1])])
            schemas[target.fingerprint] = newest = target
        # The last chunk has records of all versions, as while a version is rolled out.
        every = [one for chunk in chunks for one in chunk]
        chunks.append(self._rng("a mixed chunk").sample(every, min(len(every), self.records)))
        parts: list[tuple[Partition, bytes]] = []
        stored: list[Sent] = []
        for chunk in chunks:
            parts += self._partitioned(chunk, schemas, stored)
        self._merged(parts, stored, processed, schemas, newest)

    def _processed(
        self, registry: Registry, target: Schema, raw: tuple[int, avro.Type], reader: avro.Type
    ) -> Iterator[Sent]:
        """The records of one raw version that the processor takes; each of the others has a reason."""
        number, writer = raw
        text = json.dumps(self.schemas.raw[number - 1]).encode()
        fingerprint = parse(text, self.schemas.name, Role.RAW, number).fingerprint
        context = BatchContext(registry.resolve(Role.RAW, {fingerprint}), Enricher(target), HOUR_US)
        for position in range(self.records):
            rng = self._rng(f"v{number} → v{target.version}, record {position}")
            kind = rng.choice(("fitting", "fitting", "any", "damaged"))
            body = self._body(writer, rng, position, fitting=kind != "any")
            if body is None:
                continue
            if kind == "damaged":
                body = values.damaged(rng, body)
            elif rng.random() < 0.5:
                body = self._fed(values.decoded(body, writer), json.dumps(self.schemas.raw[number - 1]), writer) or body
            outcome = process(envelope.unwrap(frame.encode(fingerprint, body)), context, ARRIVED_US)
            if not isinstance(outcome, Entry):
                assert isinstance(outcome, Rejection)
                assert outcome.reason in CHOICES, outcome
                if kind == "fitting" and outcome.reason is Reason.UNDECODABLE:
                    assert not is_readable(body, writer, reader), outcome
                self.landed.counts[f"{kind}: {outcome.reason}"] += 1
                continue
            self.landed.counts[f"{kind}: taken"] += 1
            physical = values.decoded(body, writer)
            yield Sent(target.version, seen(physical, writer, reader), outcome.data)

    def _body(self, writer: avro.Type, rng: random.Random, position: int, *, fitting: bool) -> bytes | None:
        """A record of the type, in one of two hours; None where the type has no value."""
        try:
            physical = {
                field["name"]: values.value(self._rng(f"{position}/{field['name']}"), field["type"], fitting=fitting)
                for field in writer["fields"]
            }
        except (ValueError, IndexError):
            return None
        time_us = NOON_US + rng.randrange(2 * HOUR_US) if rng.random() < 0.95 else physical[EVENT_TIME]
        physical[EVENT_ID] = f"id-{rng.randrange(8)}" if rng.random() < 0.3 else f"{rng.getrandbits(40):x}"
        physical[EVENT_TIME] = time_us // micros_of(writer) if fitting else time_us
        return values.encoded(rng, physical, writer)

    def _fed(self, physical: Mapping[str, Any], schema: str, writer: avro.Type) -> bytes | None:
        """The body that `wavetank feed` makes of a record's JSON: the same value; None for what it refuses."""
        try:
            body = fed.body_of(physical, schema)
        except ValueError as error:
            self.landed.counts[f"feed: {type(error).__name__}"] += 1
            return None
        self.landed.counts["feed: taken"] += 1
        there = values.decoded(body, writer)
        assert canonical(fed.as_json(there, writer)) == canonical(fed.as_json(physical, writer))
        return body

    def _damaged(self, taken: Sequence[Sent], target: Schema, reader: avro.Type) -> Iterator[Sent]:
        """Frames with damaged bodies, as no processor of ours publishes them."""
        rng = self._rng(f"damaged processed {target.version}")
        for one in rng.sample(taken, min(len(taken), 3)):
            body = values.damaged(rng, one.frame[frame.HEADER.size :])
            fields = None
            with suppress(values.MalformedError):
                fields = values.decoded(body, reader)
            yield Sent(one.version, fields, frame.encode(target.fingerprint, body))

    def _partitioned(
        self, chunk: Sequence[Sent], schemas: Mapping[bytes, Schema], stored: list[Sent]
    ) -> Iterator[tuple[Partition, bytes]]:
        """The parts of a chunk; adds to `stored` what is in them."""
        scanned = Scanned.of(b"".join(one.frame for one in chunk))
        assert not scanned.bad
        result = partition(scanned, {key: schemas[key] for key in scanned.fingerprints}, BUCKETS)
        bad = {piece.offset: piece.rejection for piece in result.bad}
        for piece, one in zip(scanned.frames, chunk, strict=True):
            why = bad.get(piece.offset)
            if why is None:
                assert one.fields is not None, "the partitioner took what is no record"
                stored.append(one)
                continue
            assert why.reason in CHOICES, why
            self.landed.counts[f"partitioner: {why.reason}"] += 1
        yield from ((place, part.data) for place, part in result.parts.items())

    def _merged(
        self,
        parts: Sequence[tuple[Partition, bytes]],
        sent: Sequence[Sent],
        processed: Sequence[avro.Type],
        schemas: Mapping[bytes, Schema],
        newest: Schema,
    ) -> None:
        """Merge each partition, look at both files, and ask DuckDB for all of them; one in an older version, if any."""
        by_place: defaultdict[Partition, list[bytes]] = defaultdict(list)
        for place, data in parts:
            by_place[place].append(data)
        expected = self._expected(sent, processed)
        rows: dict[Partition, list[str]] = {}
        files: dict[Partition, bytes] = {}
        assert set(by_place) == {place for place, _ in expected}
        for place, datas in by_place.items():
            merged_avro, files[place] = merged(datas, newest)
            records = at_rest.avro_records(merged_avro)
            table = pq.read_table(pa.BufferReader(files[place]), partitioning=None)
            rows[place] = [canonical(row) for row in columns.records(table)]
            assert rows[place] == [canonical(record) for record in records]
            assert Counter(record[EVENT_ID] for record in records) == Counter(
                event_id for there, event_id in expected if there == place
            )
            for record in records:
                choices = expected[place, record[EVENT_ID]]
                assert canonical(record) in choices, f"{canonical(record)} is not among {choices}"
            self.landed.counts["at rest"] += len(records)
        older = next((schema for schema in schemas.values() if schema.version == 1), newest)
        first = [(place, data) for place, data in parts if version_of(data, schemas) == 1]
        if older is not newest and first:
            # One hour more that was merged when there was nothing newer.
            place = Partition(first[0][0].event_type, "2001-01-01", 0, 0)
            _, files[place] = merged([data for _, data in first], older)
            self.landed.counts["queries over two versions"] += 1
        self._queried(files, [row for some in rows.values() for row in some])

    def _queried(self, files: Mapping[Partition, bytes], newest: Sequence[str]) -> None:
        """Ask DuckDB for the files: what it reads itself, and what a query of the warehouse reads."""
        if not files:
            return
        listed: list[ParquetFile] = []
        for number, (place, data) in enumerate(sorted(files.items(), key=lambda item: item[0].path)):
            path = self.folder / layout.parquet_key(place)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            listed.append(
                ParquetFile(
                    key=layout.parquet_key(place),
                    event_type=place.event_type,
                    date=date.fromisoformat(place.date),
                    hour=place.hour,
                    bucket=place.bucket,
                    written=number,
                )
            )
        rows = sum(pq.read_metadata(pa.BufferReader(data)).num_rows for data in files.values())
        names = [str(self.folder / file.key) for file in listed]
        own = self.database.sql(
            "select * from read_parquet($names, union_by_name = true, hive_partitioning = false)",
            params={"names": names},
        ).to_arrow_table()
        assert own.num_rows == rows
        table = table_of(listed, str(self.folder), LocalFileSystem(), left_out)
        assert table is not None
        self.database.register("generated", table)
        try:
            assert self.database.sql("select count(*) from generated").fetchall() == [(rows,)]
            every = self.database.sql("select * from generated").to_arrow_table()
        finally:
            self.database.unregister("generated")
        assert every.num_rows == rows
        # DuckDB has no nanoseconds with a time zone: it gives microseconds.
        exact = [name for name in own.column_names if "ns, tz" not in str(own.schema.field(name).type)]
        exact = [name for name in exact if "timestamp-nanos" not in json.dumps(self.schemas.processed[-1])]
        if exact and len(newest) == rows:
            assert Counter(map(canonical, columns.records(own))) == Counter(newest)
            assert Counter(map(canonical, columns.records(every.select(own.column_names)))) == Counter(newest)
            self.landed.counts["rows compared in DuckDB"] += 2 * rows

    def _expected(self, sent: Sequence[Sent], processed: Sequence[avro.Type]) -> dict[tuple[Partition, str], set[str]]:
        """Partition and id → every content that may be at rest: that of the earliest copies.

        A record of an older version may have been read as any version between on its way to the newest.
        """
        by_id: defaultdict[tuple[Partition, str], list[tuple[int, str]]] = defaultdict(list)
        newest, model = processed[-1], Model(BUCKETS)
        for one in sent:
            if one.fields is None:
                continue
            for between in range(one.version - 1, len(processed)):
                there = seen(one.fields, processed[one.version - 1], processed[between])
                content: Any = avro.words(seen(there, processed[between], newest), newest)
                at = model.partition_of(self.schemas.name, content[EVENT_ID], content[EVENT_TIME])
                place = Partition(at.event_type, at.date, at.hour, at.bucket)
                by_id[place, content[EVENT_ID]].append((content[EVENT_TIME], canonical(content)))
        return {key: {content for time, content in copies if time == min(copies)[0]} for key, copies in by_id.items()}

    def _rng(self, what: str) -> random.Random:
        return random.Random(f"{self.seed}/{what}")


def merged(parts: Sequence[bytes], schema: Schema) -> tuple[bytes, bytes]:
    """The Avro and the Parquet file of parts, as the concatenator writes them."""
    out, columns_out = BytesIO(), BytesIO()
    batches = (records for data in parts for records in batch.read(data, schema))
    count = parquet.write_both(merge_all(batches, Digests.of([])), schema, out, columns_out)
    assert count == pq.read_metadata(pa.BufferReader(columns_out.getvalue())).num_rows
    return out.getvalue(), columns_out.getvalue()


def version_of(part: bytes, schemas: Mapping[bytes, Schema]) -> int:
    """The processed version that a part is in."""
    return schemas[avro_file.opened(part, "generated", Role.PROCESSED).schema.fingerprint].version


def seen(physical: Mapping[str, Any], writer: avro.Type, reader: avro.Type) -> dict[str, Any]:
    """An event as another version has it: its time in the unit that this counts in."""
    fields: dict[str, Any] = avro.resolved(physical, writer, reader)
    micros = physical[EVENT_TIME] * micros_of(writer)
    return {**fields, EVENT_TIME: micros // micros_of(reader)}


def is_readable(body: bytes, writer: avro.Type, reader: avro.Type) -> bool:
    """Whether the oracle has a value for what was written."""
    try:
        seen(values.decoded(body, writer), writer, reader)
    except avro.UnreadableError:
        return False
    return True


def micros_of(event: avro.Type) -> int:
    """The microseconds of a unit of the event's time."""
    time = next(field["type"] for field in event["fields"] if field["name"] == EVENT_TIME)
    return avro.MICROS[time["logical"][0]]


def left_out(skipped: Skipped) -> None:
    """No file of ours is left out."""
    raise AssertionError(str(skipped))
