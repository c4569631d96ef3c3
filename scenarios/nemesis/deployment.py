"""Breaks what is deployed on a site, and mends it: event sources, code, shards, schemas, reference data."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from wavetank.pipeline import topology
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.schedules import (
    BadDeploy,
    ColdStart,
    ConsumersStopped,
    IncompatiblePublished,
    OfRegistry,
    OfSite,
    ReferenceBroken,
    ReferenceRenewed,
    Resharded,
    SchemaOverwritten,
)
from wavetank.scenarios.workload.synthetic import UNLISTED_CAMPAIGNS

RENEWED = ", renewed"
NO_HANDLER = "wavetank.pipeline.handlers.unfinished.handle"

Mend = Callable[[], object]


class Breakage:
    """What is broken on `site`, with `victim` as the event type that is struck; `mend` takes all of it back."""

    def __init__(self, site: Site, victim: str) -> None:
        self._site = site
        self._event = site.topology.event(victim)
        self._mends: list[Mend] = []

    def bring_about(self, trouble: OfSite | OfRegistry) -> int:
        """Break it; how many things were struck, which is 0 where that shows later."""
        match trouble:
            case SchemaOverwritten():
                return self._overwrite_schema()
            case ColdStart():
                return self._start_cold()
            case ConsumersStopped(everybody):
                return self._stop_consumers(everybody)
            case BadDeploy():
                return self._deploy_without_handler()
            case ReferenceBroken(missing):
                return self._break_references(missing)
            case ReferenceRenewed():
                return self._renew_references()
            case IncompatiblePublished():
                return self._publish_incompatible()
            case Resharded():
                self._mends.append(lambda: self._scale(topology.SHARDS))
                return 0

    def mend(self) -> None:
        """Take back everything that was brought about, the last one first."""
        while self._mends:
            self._mends.pop()()

    def reshard(self, number: int) -> int:
        """Split the victim's shards, and after an even number of times merge them again; the streams struck."""
        return self._scale(topology.SHARDS * (1 + number % 2))

    def _scale(self, shards: int) -> int:
        """Bring the victim's streams to so many open shards each; the streams struck."""
        kinesis = self._site.stack.client("kinesis")
        streams = (self._event.raw_stream, self._event.processed_stream)
        for stream in streams:
            summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
            if summary["OpenShardCount"] != shards:
                kinesis.update_shard_count(StreamName=stream, TargetShardCount=shards, ScalingType="UNIFORM_SCALING")
        return len(streams)

    def _overwrite_schema(self) -> int:
        """Put the victim's processed schema in the place of its raw ones, and make its processor forget those."""
        another = next(schema.path for schema in self._event.schemas if schema.role == "processed")
        for schema in self._event.schemas:
            if schema.role == "raw":
                self._put(schema.key, another.read_bytes())
        self._site.cycle(self._event.processor)
        return 0

    def _start_cold(self) -> int:
        for function in self._site.topology.functions:
            self._site.cycle(function)
        return len(self._site.topology.functions)

    def _stop_consumers(self, everybody: bool) -> int:
        stopped = [source for function in self._processors(everybody) for source in self._sources(function)]
        self._switch(stopped, on=False)
        self._mends.append(lambda: self._switch(stopped, on=True))
        return len(stopped)

    def _deploy_without_handler(self) -> int:
        client = self._site.stack.client("lambda")
        right = client.get_function_configuration(FunctionName=self._event.processor)["Handler"]
        self._mends.append(lambda: self._site.configure(self._event.processor, Handler=right))
        self._site.configure(self._event.processor, Handler=NO_HANDLER)
        return 1

    def _break_references(self, missing: bool) -> int:
        keys = list(at_rest.keys(self._site.s3, self._site.registry_bucket, "reference/"))
        for key in keys:
            right = self._site.s3.get_object(Bucket=self._site.registry_bucket, Key=key)["Body"].read()
            self._mends.append(partial(self._put, key, right))
            if missing:
                self._site.s3.delete_object(Bucket=self._site.registry_bucket, Key=key)
            else:
                self._put(key, right[: len(right) // 2])
        return len(keys)

    def _renew_references(self) -> int:
        keys = list(at_rest.keys(self._site.s3, self._site.registry_bucket, "reference/"))
        for key in keys:
            right = self._site.s3.get_object(Bucket=self._site.registry_bucket, Key=key)["Body"].read()
            self._mends.append(partial(self._put, key, right))
            self._put(key, json.dumps(renewed(json.loads(right))).encode())
        return len(keys)

    def _publish_incompatible(self) -> int:
        """Its functions start anew, so that they read it; healing takes it away with every stranger."""
        definition = dict(self._site.routes[self._event.name].schema.definition)
        fields: list[dict[str, Any]] = definition["fields"]
        changed = [{**field, "type": "string"} if field["name"] == "event_time" else field for field in fields]
        text = json.dumps({**definition, "fields": changed}).encode()
        self._put(self._site.next_raw_key(self._event.name), text)
        return self._start_cold()

    def _processors(self, everybody: bool) -> list[str]:
        return [event.processor for event in (self._site.topology.events if everybody else [self._event])]

    def _sources(self, function: str) -> list[str]:
        found = self._site.stack.client("lambda").list_event_source_mappings(FunctionName=function)
        return [source["UUID"] for source in found["EventSourceMappings"]]

    def _switch(self, sources: Sequence[str], *, on: bool) -> None:
        for source in sources:
            self._site.stack.client("lambda").update_event_source_mapping(UUID=source, Enabled=on)

    def _put(self, key: str, data: bytes) -> None:
        self._site.s3.put_object(Bucket=self._site.registry_bucket, Key=key, Body=data)


def renewed(document: Mapping[str, Any]) -> dict[str, Any]:
    """A snapshot in which every text is longer (Avro writes its length before it), and more campaigns have a row."""
    rows = {key: {name: f"{value}{RENEWED}" for name, value in row.items()} for key, row in document["rows"].items()}
    like = next(iter(rows.values()), {})
    return {**document, "rows": {**rows, **dict.fromkeys(UNLISTED_CAMPAIGNS, like)}}
