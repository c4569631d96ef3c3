"""The copies that the processor made of each event, and the number that it dropped: read after a run."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from wavetank.pipeline.topology import EventType
from wavetank.scenarios.client.frames import Frame
from wavetank.scenarios.client.wire import versions
from wavetank.scenarios.oracle.avro import Type, type_of, words
from wavetank.scenarios.oracle.evidence import Copies, Version
from wavetank.scenarios.oracle.history import Value
from wavetank.scenarios.oracle.hops import Hop
from wavetank.scenarios.run.sightings import HopArrivals
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.workload.generated.values import MalformedError, decoded

MICROS_PER_MILLI = 1_000
NAMESPACE, DROPPED, EVENT_TYPE = "wavetank", "Dropped", "EventType"
SPAN = timedelta(days=1)


def copies_of(arrivals: Iterable[HopArrivals], events: Iterable[EventType]) -> Mapping[str, Mapping[Version, Copies]]:
    """By event type, the versions that came to the processed stream several times, and what their copies hold."""
    raw: Counter[tuple[str, Version]] = Counter()
    processed: defaultdict[tuple[str, Version], list[Frame]] = defaultdict(list)
    for some in arrivals:
        for number, head in enumerate(some.heads):
            key = some.event_type, (head.event_id, head.time_us // MICROS_PER_MILLI)
            if some.hop is Hop.RAW:
                raw[key] += 1
            elif some.hop is Hop.PROCESSED:
                processed[key].append(some.frames[number])
    types = {event.name: _types(event) for event in events}
    by_type: defaultdict[str, dict[Version, Copies]] = defaultdict(dict)
    for (event_type, version), frames in processed.items():
        if len(frames) > 1:
            bodies = dict.fromkeys((frame.fingerprint, frame.body) for frame in frames)
            contents = [_content(body, types[event_type][fingerprint]) for fingerprint, body in bodies]
            by_type[event_type][version] = Copies(raw[event_type, version], tuple(filter(None, contents)))
    return by_type


def dropped_so_far(site: Site) -> Counter[str]:
    """By event type, how many events the functions told CloudWatch of that they had dropped on purpose."""
    counts: Counter[str] = Counter()
    client, now = site.stack.client("cloudwatch"), datetime.now(UTC)
    metrics = client.list_metrics(Namespace=NAMESPACE, MetricName=DROPPED)["Metrics"]
    for metric in metrics:
        seconds = int(SPAN.total_seconds())
        query: Any = {"Id": "m", "MetricStat": {"Metric": metric, "Period": seconds, "Stat": "Sum"}}
        answer = client.get_metric_data(MetricDataQueries=[query], StartTime=now - SPAN, EndTime=now + SPAN)
        event_type = next(each["Value"] for each in metric["Dimensions"] if each["Name"] == EVENT_TYPE)
        counts[event_type] += round(sum(value for result in answer["MetricDataResults"] for value in result["Values"]))
    return counts


def _types(event: EventType) -> Mapping[bytes, Type]:
    """The types of the processed versions of an event type, by fingerprint."""
    return {schema.fingerprint: type_of(schema.definition) for schema in versions(event.folder, "processed").values()}


def _content(body: bytes, avro: Type) -> Mapping[str, Value] | None:
    """The fields of a body in the oracle's words; None for what is damaged."""
    with suppress(MalformedError):
        content = words(decoded(body, avro), avro)
        return content if isinstance(content, Mapping) else None
    return None
