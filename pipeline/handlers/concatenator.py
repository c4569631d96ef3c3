"""Part files → one Avro and one Parquet object per partition, merged and deduped.

What an object was built from travels with it: the digest of its inputs is metadata of the same object. State is
read before the inputs are listed and the write is conditional on that state, so a writer that worked from an
older list loses to one that knew more, and starts over.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any, TypedDict

from botocore.exceptions import ClientError

from pipeline.core import container
from pipeline.core.columns import parquet
from pipeline.core.merge import merge
from pipeline.core.route import Partition
from pipeline.core.schema import Role, Schema
from pipeline.errors import ServiceFault
from pipeline.handlers import aws, settings
from pipeline.handlers.schedule import hours_back, time_of
from pipeline.registry import Registry

INPUTS = "inputs"
ATTEMPTS = 10
CHANGED_MEANWHILE = ("PreconditionFailed", "ConditionalRequestConflict")
ABSENT = ("404", "NoSuchKey", "NotFound")

Inputs = Mapping[str, str]
"""Key → ETag of the part files of a partition."""


class Condition(TypedDict, total=False):
    """What must hold for a write to be done."""

    IfMatch: str
    IfNoneMatch: str


@dataclass(frozen=True, slots=True)
class State:
    """What an output object says of itself; `etag` is empty where there is no object yet."""

    etag: str = ""
    inputs: str = ""


def handle(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Merge every partition inside the look-back window before the tick; answers with the counts."""
    now = time_of(event)
    bucket = settings.text("DATA_BUCKET")
    hours = {(hour.date().isoformat(), hour.hour) for hour in hours_back(now, settings.number("LOOK_BACK_HOURS"))}
    planned = list(_plan(bucket, hours))
    schemas = {event: _newest(event) for event in sorted({partition.event for partition in planned})}
    written = aws.each(lambda partition: _concatenate(bucket, partition, schemas[partition.event]), planned)
    return {"partitions": len(planned), "written": sum(written)}


def _plan(bucket: str, hours: set[tuple[str, int]]) -> Iterator[Partition]:
    """The partitions of those hours that have part files."""
    dates = sorted({date for date, _ in hours})
    for event in aws.folders(bucket, "parts/"):
        for date in dates:
            for hour in aws.folders(bucket, f"parts/{event}/date={date}/"):
                if (date, int(hour.removeprefix("hour="))) in hours:
                    for folder in aws.folders(bucket, f"parts/{event}/date={date}/{hour}/"):
                        yield Partition.from_path(f"{event}/date={date}/{hour}/{folder}")


def _concatenate(bucket: str, partition: Partition, schema: Schema) -> bool:
    """Bring both objects of a partition up to date with its inputs; False where they already were."""
    for _ in range(ATTEMPTS):
        states = {key: _state(bucket, key) for key in output_keys(partition)}
        inputs = {part["Key"]: part["ETag"] for part in aws.objects(bucket, f"parts/{partition.path}/")}
        digest = digest_of(inputs, schema)
        if all(state.inputs == digest for state in states.values()):
            return False
        outputs = _merge(bucket, partition, inputs, schema)
        if all(_replace(bucket, key, data, states[key], digest) for key, data in outputs.items()):
            return True
    raise ServiceFault(f"{partition.path} kept changing while it was merged, {ATTEMPTS} times")


def output_keys(partition: Partition) -> tuple[str, str]:
    """The Parquet and the Avro object; the Avro object, data of record, is written last."""
    return f"parquet/{partition.path}/events.parquet", f"avro/{partition.path}/events.avro"


def digest_of(inputs: Inputs, schema: Schema) -> str:
    """One name for a set of part files as they are now, seen through one schema."""
    lines = schema.fingerprint.hex() + "".join(f"{key}\0{etag}\n" for key, etag in sorted(inputs.items()))
    return sha256(lines.encode()).hexdigest()


def _state(bucket: str, key: str) -> State:
    try:
        answer = aws.s3().head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if aws.code(error) in ABSENT:
            return State()
        raise
    return State(answer["ETag"], answer["Metadata"].get(INPUTS, ""))


def _merge(bucket: str, partition: Partition, inputs: Inputs, schema: Schema) -> dict[str, bytes]:
    parts = [aws.get_object(bucket, key) for key in sorted(inputs)]
    events = merge(stored for part in parts for stored in container.read(part, schema))
    avro = container.write(schema, [stored.body for stored in events])
    return dict(zip(output_keys(partition), (parquet(events, schema), avro), strict=True))


def _newest(event: str) -> Schema:
    """The newest processed schema as of this tick: a warm function must see a version published since its last."""
    registry = _registry(settings.text("REGISTRY_BUCKET"), event)
    registry.refresh()
    return registry.newest(Role.PROCESSED)


@cache
def _registry(bucket: str, event: str) -> Registry:
    return Registry(aws.RegistryBucket(bucket), event)


def _replace(bucket: str, key: str, data: bytes, state: State, digest: str) -> bool:
    """Write an output if it is still in `state`; False where somebody else has written it since."""
    if state.inputs == digest:
        return True
    condition: Condition = {"IfMatch": state.etag} if state.etag else {"IfNoneMatch": "*"}
    try:
        aws.s3().put_object(Bucket=bucket, Key=key, Body=data, Metadata={INPUTS: digest}, **condition)
    except ClientError as error:
        if aws.code(error) in (*CHANGED_MEANWHILE, *ABSENT):
            return False
        raise
    return True
