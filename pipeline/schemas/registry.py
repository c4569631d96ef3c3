"""Finds schemas among the versions published in S3, by what records say of theirs (keys: `pipeline.layout`).

    v<N>.avsc    one immutable object a version
    index.json   {"schemas": {"<role>": {"<fingerprint>": version}}}; derived, may be missing
    ids.json     {"<Confluent id>": raw version}; for producers that write Confluent's wire format

A reference is a fingerprint (16 bytes), a CRC-64-AVRO (8) or a Confluent id (4). Fingerprints are computed from the
objects, never taken from the index: an object that was overwritten answers to what it is now. What is known is never
asked for again; what is unknown costs one refresh for each call that meets it: the index and the objects it names,
and where that does not help a listing and the objects that changed.
"""

import json
import random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from wavetank.pipeline import layout
from wavetank.pipeline.core.schema import Role, Schema, parse
from wavetank.pipeline.errors import RegistryFault, SchemaError
from wavetank.pipeline.layout import SCHEMA_KEY

LONGEST_PAUSE_S = 0.05
"""Before a refresh: the environments of a function that meet a new schema together do not ask together."""
ID_BYTES = 4


class Store(Protocol):
    """The bucket behind the registry; all raise RegistryFault when it cannot be read."""

    def versions(self, prefix: str) -> Mapping[str, str]:
        """Key → ETag of all objects under `prefix`."""
        ...

    def find(self, key: str) -> bytes | None:
        """The bytes of one object; None where there is no such object."""
        ...


def _pause() -> None:
    time.sleep(random.uniform(0, LONGEST_PAUSE_S))  # noqa: S311 - jitter, not a secret


class Registry:
    """The schemas of one event type, cached for as long as the process lives."""

    def __init__(self, store: Store, event_type: str, pause: Callable[[], None] = _pause) -> None:
        self._store = store
        self._event_type = event_type
        self._pause = pause
        self._known: dict[tuple[Role, bytes], Schema] = {}
        self._newest: dict[Role, Schema] = {}
        self._seen: dict[str, str] = {}
        self._faults: dict[str, str] = {}

    def resolve(self, role: Role, references: Iterable[bytes]) -> Mapping[bytes, Schema]:
        """The schemas that are published for `references`; those that are not are missing from the answer.

        Raises RegistryFault where the registry cannot be read, or holds an object that is no schema and may be the
        one that is asked for: that says nothing about the records.
        """
        references = set(references)
        if any((role, reference) not in self._known for reference in references):
            self._look_for(role, references)
        schemas = {
            reference: self._known[role, reference] for reference in references if (role, reference) in self._known
        }
        if self._faults and len(schemas) < len(references):
            raise RegistryFault("; ".join(self._faults.values()))
        return schemas

    def newest(self, role: Role) -> Schema:
        """The schema with the highest version of those that can be used, or of all where none can.

        While none can be used one that can is looked for in each call. Raises RegistryFault where none is published.
        """
        if role not in self._newest or self._newest[role].unusable:
            self.refresh()
        if role not in self._newest:
            absent = f"no {role} schema is published for {self._event_type}: publish one"
            raise RegistryFault("; ".join(self._faults.values()) or absent)
        return self._newest[role]

    def refresh(self) -> None:
        """Read every version that is new or has changed; what was known before stays known."""
        self._pause()
        self._faults = {}
        for key, etag in self._store.versions(layout.schema_prefix(self._event_type)).items():
            if SCHEMA_KEY.fullmatch(key) and self._seen.get(key) != etag and self._learn(key):
                self._seen[key] = etag
        # Confluent ids are those of the producers' own registry, so they are told, not derived.
        key = layout.confluent_ids_key(self._event_type)
        try:
            ids = {int(number): int(version) for number, version in json.loads(self._store.find(key) or b"{}").items()}
            references = {number.to_bytes(ID_BYTES): version for number, version in ids.items()}
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            self._faults[key] = f"{key} in the registry is not {{id: raw version}}: {error}"
            return
        raw = {schema.version: schema for (role, _), schema in self._known.items() if role is Role.RAW}
        for reference, version in references.items():
            if version in raw:
                self._known[Role.RAW, reference] = raw[version]

    def _look_for(self, role: Role, references: set[bytes]) -> None:
        """Read the objects that the index names for `references`; all objects where that leaves one unknown.

        And the newest version of a role where the index has a newer one than is known: it came with what is looked for.
        """
        if self._known:
            try:
                roles = json.loads(self._store.find(layout.schema_index_key(self._event_type)) or b"{}")["schemas"]
                index = {
                    Role(name): {str(fingerprint): int(version) for fingerprint, version in versions.items()}
                    for name, versions in roles.items()
                }
            except (ValueError, KeyError, TypeError, AttributeError):
                # The index is only a short cut.
                index = {}
            versions = index.get(role, {})
            keys = {(role, versions[reference.hex()]) for reference in references if reference.hex() in versions}
            for other, published in index.items() if keys else ():
                newest = self._newest.get(other)
                if published and (newest is None or max(published.values()) > newest.version):
                    keys.add((other, max(published.values())))
            for other, version in keys:
                self._learn(layout.schema_key(self._event_type, other, version))
        if not self._known or any((role, reference) not in self._known for reference in references):
            self.refresh()

    def _learn(self, key: str) -> bool:
        """Read one object; False where it is gone or no schema."""
        match = SCHEMA_KEY.fullmatch(key)
        text = self._store.find(key)
        if match is None or text is None or match["role"] not in list(Role):
            return False
        try:
            schema = parse(text, self._event_type, Role(match["role"]), int(match["version"]))
        except SchemaError as error:
            self._faults[key] = f"{key} in the registry is not a schema: {error}"
            return False
        for reference in (schema.fingerprint, schema.crc64):
            self._known[schema.role, reference] = schema
        newest = self._newest.get(schema.role)
        # One that cannot be used is the newest only where there is no other: its records are rejected, nothing stalls.
        if newest is None or (not newest.unusable, newest.version) <= (not schema.unusable, schema.version):
            self._newest[schema.role] = schema
        return True
