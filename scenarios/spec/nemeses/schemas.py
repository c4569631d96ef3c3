"""The registry has another schema than it should."""

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from wavetank.pipeline.schemas import shared
from wavetank.pipeline.topology import SchemaFile
from wavetank.scenarios.spec.nemeses.chunks import bit_changed
from wavetank.scenarios.spec.nemeses.functions import start_cold
from wavetank.scenarios.spec.nemesis import Nemesis, Outcome, Portion, Scene, SendPlan

UNKNOWN_SCHEMA = "unknown-schema"
"""Quarantine reason of a record whose schema is not in the registry."""


@dataclass(frozen=True)
class SchemaOverwritten(Nemesis):
    """The raw schema object of the victim is overwritten with another schema, and the functions start anew.

    The right schema is written back with the whole registry when a run heals, and nothing starts anew for it: a
    function looks up a schema that it does not know whenever it meets one.
    """

    id: str = "schema-overwritten"

    def begin(self, scene: Scene) -> None:
        another = next(schema.path for schema in scene.event.schemas if schema.role == "processed")
        for schema in scene.event.schemas:
            if schema.role == "raw":
                scene.publish(schema.key, shared.text_of(another))
        scene.site.cycle(scene.event.processor)

    def fired(self, outcome: Outcome, scene: Scene) -> int:
        return sum(
            record.event_type == scene.victim and record.reason == UNKNOWN_SCHEMA
            for record in outcome.at_rest.quarantine
        )


@dataclass(frozen=True)
class IncompatiblePublished(Nemesis):
    """Past all checks a raw version of the victim is published in which the event time is a text.

    Every function starts anew, so that it reads it. The version goes with every stranger when the registry is restored.
    """

    id: str = "incompatible-published"

    def begin(self, scene: Scene) -> None:
        fields: list[dict[str, Any]] = scene.definition["fields"]
        changed = [{**field, "type": "string"} if field["name"] == "event_time" else field for field in fields]
        text = json.dumps({**scene.definition, "fields": changed})
        scene.publish(scene.site.next_key(scene.victim, "raw"), text.encode())
        scene.struck[self.id] += start_cold(scene)


@dataclass(frozen=True)
class SchemaDamaged(Nemesis):
    """The victim's schema objects are damaged, and every function starts anew.

    Of raw ones one bit is another, wherever it is: what is left may be no JSON, no schema, another one or the same one.
    Of processed ones the end is missing: as another schema it would go on to be written with. The right ones are
    written back with the whole registry when a run heals.
    """

    role: str = "raw"
    id: str = "schema-damaged"

    def begin(self, scene: Scene) -> None:
        rng = random.Random(f"{self.id}/{scene.seed}")  # noqa: S311 - repeatable, not secret
        for schema in scene.event.schemas:
            if schema.role == self.role:
                text = shared.text_of(schema.path)
                scene.publish(schema.key, bit_changed(text, rng) if self.role == "raw" else cut(text, rng))
                scene.struck[self.id] += 1
        start_cold(scene)


@dataclass(frozen=True)
class VersionsHeldBack(Nemesis):
    """The newest raw and processed version of the victim are not published yet, and every function starts anew.

    Events that can be are written in the version before, and those with a field of the newest one are not sent yet.
    They are published with the whole registry, by the step `PublishVersions` or when a run heals.
    """

    id: str = "versions-held-back"

    def begin(self, scene: Scene) -> None:
        for schema in newest(scene):
            scene.site.s3.delete_object(Bucket=scene.site.registry_bucket, Key=schema.key)
            scene.struck[self.id] += 1
        start_cold(scene)

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:  # noqa: ARG002
        raw = {schema.version: schema for schema in scene.event.schemas if schema.role == "raw"}
        before = max(raw) - 1
        older = raw[before]
        names = {field["name"] for field in json.loads(shared.text_of(older.path))["fields"]}
        for plan in plans:
            others = [event for event in plan.events if event.event_type != scene.victim]
            fitting = [
                replace(event, sending=replace(event.sending, version=before))
                for event in plan.events
                if event.event_type == scene.victim and event.record.keys() <= names
            ]
            yield replace(plan, events=[*others, *fitting])


def newest(scene: Scene) -> list[SchemaFile]:
    """The newest raw and the newest processed version of the victim."""
    ascending = sorted(scene.event.schemas, key=lambda schema: schema.version)
    return list({schema.role: schema for schema in ascending}.values())


def cut(text: bytes, rng: random.Random) -> bytes:
    """The text of a schema without its end, which is no JSON."""
    return text[: rng.randrange(len(text.rstrip()))]


def next_version(definition: Mapping[str, Any], *, in_millis: bool = False) -> dict[str, Any]:
    """The next version of a schema: one more optional field, before all others; `in_millis`: so is the event time."""
    added = {"name": "experiment", "type": ["null", "string"], "default": None}
    time = {"type": {"type": "long", "logicalType": "timestamp-millis"}} if in_millis else {}
    fields = [field | time if field["name"] == "event_time" else field for field in definition["fields"]]
    return {**definition, "fields": [added, *fields]}


def publish_next_version(scene: Scene, *, in_millis: bool = False) -> None:
    """Put the schema that the victim's producer is ahead with in the registry, as the next raw version."""
    text = json.dumps(next_version(scene.definition, in_millis=in_millis))
    scene.publish(scene.site.next_key(scene.victim, "raw"), text.encode())
