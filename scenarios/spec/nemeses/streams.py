"""Streams that are split and merged, and consumers that do not read them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from wavetank.scenarios.oracle.promises import SHARDS
from wavetank.scenarios.spec.nemesis import Nemesis, Portion, Scene, SendPlan


@dataclass(frozen=True)
class Resharded(Nemesis):
    """Both streams of the victim are split in twice as many shards and merged again, by turns, under load."""

    id: str = "resharded"

    def begin(self, scene: Scene) -> None:
        scene.healing.callback(_scale, scene, SHARDS)

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        scene.struck[self.id] += _scale(scene, SHARDS * (1 + portion.number % 2))
        yield from plans


@dataclass(frozen=True)
class ConsumersStopped(Nemesis):
    """The event sources of the processors are switched off: the victim's, or all of them."""

    every_type: bool = False
    id: str = "consumers-stopped"

    def begin(self, scene: Scene) -> None:
        client = scene.site.stack.client("lambda")
        for event in scene.site.topology.events if self.every_type else [scene.event]:
            for source in client.list_event_source_mappings(FunctionName=event.processor)["EventSourceMappings"]:
                scene.healing.callback(_switch, client, source["UUID"], on=True)
                _switch(client, source["UUID"], on=False)
                scene.struck[self.id] += 1


def _scale(scene: Scene, shards: int) -> int:
    """Bring the victim's streams to so many open shards each; the number of streams."""
    kinesis = scene.site.stack.client("kinesis")
    streams = (scene.event.raw_stream, scene.event.processed_stream)
    for stream in streams:
        summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
        if summary["OpenShardCount"] != shards:
            kinesis.update_shard_count(StreamName=stream, TargetShardCount=shards, ScalingType="UNIFORM_SCALING")
    return len(streams)


def _switch(client: Any, source: str, *, on: bool) -> None:
    client.update_event_source_mapping(UUID=source, Enabled=on)
