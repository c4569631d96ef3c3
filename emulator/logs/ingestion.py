"""Metrics of log events that were just written: those that filters make of them, and how much was written.

Events are looked at in a thread of its own, a moment after they were written, so that whoever writes them does not
wait. A datum has the time of its event. Source: CloudWatch Logs user guide, "Creating metrics from log events using
filters" and "Monitoring CloudWatch Logs usage with CloudWatch metrics".
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wavetank.emulator.logs.filter_pattern import Event
from wavetank.emulator.logs.groups import filters_of
from wavetank.emulator.logs.transformation import MetricFilter
from wavetank.emulator.runtime import meter
from wavetank.emulator.runtime.batcher import Batcher
from wavetank.emulator.runtime.cloudwatch import Place, put_metric_data
from wavetank.emulator.runtime.meter import METER

NAMESPACE = "AWS/Logs"
LINGER_S = 0.1
"""Functions' lines come in batches already."""


@dataclass(frozen=True)
class Ingested:
    """Events of a log group, by time in milliseconds since the epoch, and the filters that it had then."""

    place: Place
    filters: Sequence[MetricFilter]
    events: Sequence[tuple[int, str]]


def ingest(place: Place, group: Any, events: Sequence[tuple[int, str]]) -> None:
    """Take note of events that one of LocalStack's log groups has got."""
    dimensions = (("LogGroupName", group.name),)
    size = sum(len(message) if message.isascii() else len(message.encode()) for _, message in events)
    METER.add(
        [
            (meter.Series(place, NAMESPACE, "IncomingLogEvents", dimensions, "None"), len(events)),
            (meter.Series(place, NAMESPACE, "IncomingBytes", dimensions, "Bytes"), size),
        ]
    )
    filters = [each.compiled for each in list(filters_of(group).values())]
    if filters:
        INGESTED.add(Ingested(place, filters, events))


def _measure(batches: Sequence[Ingested]) -> None:
    """Put the data that filters make of events."""
    values: defaultdict[tuple[meter.Series, int], Counter[float]] = defaultdict(Counter)
    for batch in batches:
        for at_ms, message in batch.events:
            event = Event(message)
            for metric_filter in batch.filters:
                for of_filter, value in metric_filter.data(event):
                    series = meter.Series(
                        batch.place, of_filter.namespace, of_filter.name, of_filter.dimensions, of_filter.unit
                    )
                    values[series, at_ms // 1000][value] += 1
    put_metric_data(meter.data_of(values))


INGESTED: Batcher[Ingested] = Batcher("logs.metric-filters", _measure, LINGER_S)
