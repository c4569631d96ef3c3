"""The copies that the processor made of each event, and the number that it dropped: read after a run."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from wavetank.pipeline import metrics
from wavetank.pipeline.names import log_group
from wavetank.pipeline.topology import EventType
from wavetank.scenarios.client.frames import Frame
from wavetank.scenarios.client.wire import versions
from wavetank.scenarios.oracle.avro import Type, type_of, words
from wavetank.scenarios.oracle.evidence import Copies, ProcessedBody, RawRecord, Version
from wavetank.scenarios.oracle.history import Value
from wavetank.scenarios.oracle.hops import Hop
from wavetank.scenarios.run.sightings import HopArrivals
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.workload.generated.values import MalformedError, decoded

MICROS_PER_MILLI = 1_000
EVENT_TYPE = metrics.FIELDS[metrics.Dimension.EVENT_TYPE]


def copies_of(arrivals: Iterable[HopArrivals], events: Iterable[EventType]) -> Mapping[str, Mapping[Version, Copies]]:
    """By event type, the versions that came to the processed stream several times, and what their copies hold."""
    raw: defaultdict[tuple[str, Version], list[RawRecord]] = defaultdict(list)
    processed: defaultdict[tuple[str, Version], list[Frame]] = defaultdict(list)
    for some in arrivals:
        for number, head in enumerate(some.heads):
            key = some.event_type, (head.event_id, head.time_us // MICROS_PER_MILLI)
            if some.hop is Hop.RAW:
                raw[key].append(RawRecord(some.payloads[number], round(some.moment_s * 1_000) * MICROS_PER_MILLI))
            elif some.hop is Hop.PROCESSED:
                processed[key].append(some.frames[number])
    types = {event.name: _types(event) for event in events}
    by_type: defaultdict[str, dict[Version, Copies]] = defaultdict(dict)
    for (event_type, version), frames in processed.items():
        if len(frames) > 1:
            bodies = dict.fromkeys((frame.fingerprint, frame.body) for frame in frames)
            contents = [(fingerprint, _content(body, types[event_type][fingerprint])) for fingerprint, body in bodies]
            by_type[event_type][version] = Copies(
                tuple(raw[event_type, version]),
                tuple(ProcessedBody(schema.hex(), content) for schema, content in contents if content is not None),
            )
    return by_type


def dropped_so_far(site: Site) -> Counter[str]:
    """By event type, how many events the processors have told in their logs that they dropped on purpose."""
    counts: Counter[str] = Counter()
    logs = site.stack.client("logs")
    for event in site.topology.events:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=log_group(event.processor))
        with suppress(logs.exceptions.ResourceNotFoundException):
            for line in (_fields(told["message"]) for page in pages for told in page["events"]):
                if line.get("message") == metrics.DROPPED:
                    counts[str(line[EVENT_TYPE])] += int(line[metrics.DROPPED_BY_REASON.field])
    return counts


def _fields(line: str) -> Mapping[str, Any]:
    """The fields of a line of a log; none of what is no JSON object."""
    with suppress(ValueError):
        document = json.loads(line)
        return document if isinstance(document, Mapping) else {}
    return {}


def _types(event: EventType) -> Mapping[bytes, Type]:
    """The types of the processed versions of an event type, by fingerprint."""
    return {schema.fingerprint: type_of(schema.definition) for schema in versions(event.folder, "processed").values()}


def _content(body: bytes, avro: Type) -> Mapping[str, Value] | None:
    """The fields of a body in the oracle's words; None for what is damaged."""
    with suppress(MalformedError):
        content = words(decoded(body, avro), avro)
        return content if isinstance(content, Mapping) else None
    return None
