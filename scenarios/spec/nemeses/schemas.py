"""The registry has another schema than it should."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wavetank.pipeline.schemas import shared
from wavetank.scenarios.spec.nemeses.functions import start_cold
from wavetank.scenarios.spec.nemesis import Nemesis, Outcome, Scene

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


def next_version(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The next version of a schema: one more optional field, before all others."""
    added = {"name": "experiment", "type": ["null", "string"], "default": None}
    return {**definition, "fields": [added, *definition["fields"]]}


def publish_next_version(scene: Scene) -> None:
    """Put the schema that the victim's producer is ahead with in the registry, as the next raw version."""
    scene.publish(scene.site.next_key(scene.victim, "raw"), json.dumps(next_version(scene.definition)).encode())
