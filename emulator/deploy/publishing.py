"""Publishes the schema folder to the registry bucket: checked first, versions written once, the index last."""

import json
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from wavetank.emulator.deploy import references
from wavetank.emulator.deploy.references import Renewal
from wavetank.emulator.errors import DeployFailed
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline import layout
from wavetank.pipeline.avro.resolution import Level
from wavetank.pipeline.components import reference_files
from wavetank.pipeline.names import Names
from wavetank.pipeline.schemas import checks
from wavetank.pipeline.schemas.checks import Findings
from wavetank.pipeline.schemas.shared import SharedTypes
from wavetank.pipeline.topology import EventType, Topology

ABSENT = ("NoSuchBucket", "NoSuchKey")
"""Codes of errors that say of a bucket or an object that there is none."""
MEND = "Mend the schema folder and publish again; nothing was written."


@dataclass(frozen=True, slots=True)
class Publication:
    """The keys that were new or changed, and a sentence for each rule that only published versions break.

    references: the references of files that had changed.
    """

    keys: tuple[str, ...]
    warnings: tuple[str, ...]
    references: tuple[Renewal, ...] = ()


def check(stack: Stack, planned: Topology, level: Level | None = None) -> Findings:
    """Everything that is wrong with the folder beside what is published; nothing is, where there is no registry yet."""
    findings = _check(Registry(stack, planned.names), planned, level)[0]
    return replace(findings, refused=(*findings.refused, *reference_files.problems(planned.references)))


def publish(stack: Stack, planned: Topology, level: Level | None = None) -> Publication:
    """Put every schema version, and a snapshot of each reference that comes from a file, in the registry.

    Raises DeployFailed, with a sentence for each rule that is broken, before anything is written. Versions are
    immutable; the index is replaced, and reference data that differ take effect a minute later.
    """
    registry = Registry(stack, planned.names)
    findings, there = _check(registry, planned, level)
    if findings:
        raise DeployFailed("\n".join(findings.refused), MEND)
    with references.prepared(stack, planned) as snapshots:
        new: list[str] = []
        for event in planned.events:
            shared = SharedTypes.beside(event.folder)
            for file in event.schemas:
                if file.key not in there:
                    text = shared.self_contained(file.path.read_bytes())
                    new += [file.key] if registry.write_once(file.key, text) else []
            new += registry.replace(layout.confluent_ids_key(event.name), _json(checks.ids_of(event)))
            registry.index(event)
        renewed = references.publish(snapshots, planned)
    new += [layout.reference_index_key(renewal.name) for renewal in renewed]
    return Publication(tuple(new), findings.warnings, renewed)


def _check(registry: "Registry", planned: Topology, level: Level | None) -> tuple[Findings, dict[str, bytes]]:
    """The findings, and what is published."""
    there = {key: data for event in planned.events for key, data in registry.versions(event).items()}
    return checks.check_folder(planned, there, level), there


def published(stack: Stack, names: Names) -> list[dict[str, str]]:
    """Every schema object of the registry: `key`, and `fingerprint` in hex (empty for what is no schema)."""
    registry = Registry(stack, names)
    return [
        {"key": key, "fingerprint": checks.fingerprint_of(registry.get(key) or b"")}
        for key in registry.keys(f"{layout.SCHEMAS}/")
        if key.endswith(".avsc")
    ]


def text_of(stack: Stack, names: Names, key: str) -> bytes | None:
    """The bytes of an object in the registry; None where there is none."""
    return Registry(stack, names).get(key)


class Registry:
    """The registry bucket, as its operator sees it."""

    def __init__(self, stack: Stack, names: Names) -> None:
        self._s3: Any = stack.client("s3")
        self._bucket = names.registry_bucket(stack.account)

    def versions(self, event: EventType) -> dict[str, bytes]:
        """Key → bytes of what is published of an event type's versions."""
        objects = {file.key: self.get(file.key) for file in event.schemas}
        return {key: data for key, data in objects.items() if data is not None}

    def write_once(self, key: str, data: bytes) -> bool:
        """Write a version if it is not there; False where it is, with the same bytes."""
        try:
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=data, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
            if self.get(key) != data:
                raise DeployFailed(f"{key} was published by somebody else just now, with other content.") from error
            return False
        return True

    def replace(self, key: str, data: bytes) -> list[str]:
        """Write an object where it differs; the key, if so."""
        if self.get(key) == data or (data == _json({}) and self.get(key) is None):
            return []
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=data)
        return [key]

    def index(self, event: EventType) -> None:
        """Make the index of an event type anew from its objects, where it is missing or not as it should be."""
        schemas: dict[str, dict[str, int]] = {}
        for key in self.keys(layout.schema_prefix(event.name)):
            version = layout.SCHEMA_KEY.fullmatch(key)
            fingerprint = checks.fingerprint_of(self.get(key) or b"") if version else ""
            if version and fingerprint:
                schemas.setdefault(version["role"], {}).setdefault(fingerprint, int(version["version"]))
        self.replace(layout.schema_index_key(event.name), _json({"schemas": schemas}))

    def keys(self, prefix: str) -> list[str]:
        """Every key under `prefix`."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def get(self, key: str) -> bytes | None:
        """The bytes of an object; None where there is none, or no registry."""
        try:
            body: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                return None
            raise
        return body


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True).encode()
