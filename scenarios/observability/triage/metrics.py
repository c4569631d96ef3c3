"""The metrics that a triage looks at, of each resource of a stage, and the limits that they should not pass.

Names and dimensions: "Monitoring …" of the developer guide of each service; Data Firehose counts freshness in seconds,
Kinesis and Lambda ages in milliseconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wavetank.scenarios.observability.triage.model import Dependency, Kind, Reading
from wavetank.scenarios.site.site import Site

MILLIS = 1_000.0
FRESHNESS_SLACK_S = 300.0
"""A chunk may be delivered so long after it was gathered before that is late."""
LONGEST_WAIT_S = 3_600.0
"""A merge that waits for so long is not done before the next hour's."""
_DIMENSIONS = {
    Dependency.KINESIS: ("AWS/Kinesis", "StreamName"),
    Dependency.LAMBDA: ("AWS/Lambda", "FunctionName"),
    Dependency.SNS: ("AWS/SNS", "TopicName"),
    Dependency.SQS: ("AWS/SQS", "QueueName"),
    Dependency.FIREHOSE: ("AWS/Firehose", "DeliveryStreamName"),
}


@dataclass(frozen=True, slots=True)
class MetricOf:
    """A metric of a resource; its values are divided by `unit`, so that ages are in seconds."""

    dependency: Dependency
    kind: Kind
    name: str
    resource: str
    limit: float = 0.0
    unit: float = 1.0

    @property
    def namespace(self) -> str:
        """The namespace of the service."""
        return _DIMENSIONS[self.dependency][0]

    @property
    def dimension(self) -> str:
        """The dimension whose value is the resource."""
        return _DIMENSIONS[self.dependency][1]

    @property
    def statistic(self) -> str:
        """The statistic over a period, and over the span."""
        return "Maximum" if self.kind is Kind.AGE else "Sum"

    def reading(self, values: Sequence[float]) -> Reading:
        """The reading over a span, of the values of its periods."""
        whole = (max(values) if self.kind is Kind.AGE else sum(values)) / self.unit if values else None
        return Reading(self.dependency, self.kind, self.resource, self.name, whole, self.limit)


def metrics_of(site: Site) -> Iterator[MetricOf]:
    """The metrics of a stage."""
    names = site.names
    for event in site.topology.events:
        behind_s = event.component.alarms.iterator_age_minutes * 60.0
        for stream in (event.raw_stream, event.processed_stream):
            yield MetricOf(Dependency.KINESIS, Kind.WORK, "IncomingRecords", stream)
            yield MetricOf(Dependency.KINESIS, Kind.THROTTLES, "WriteProvisionedThroughputExceeded", stream)
            yield MetricOf(Dependency.KINESIS, Kind.THROTTLES, "ReadProvisionedThroughputExceeded", stream)
        yield MetricOf(Dependency.LAMBDA, Kind.AGE, "IteratorAge", event.processor, limit=behind_s, unit=MILLIS)
        fresh_s = event.component.delivery.buffer_s + FRESHNESS_SLACK_S
        delivery = event.delivery_stream
        yield MetricOf(Dependency.FIREHOSE, Kind.WORK, "DeliveryToS3.Records", delivery)
        yield MetricOf(Dependency.FIREHOSE, Kind.AGE, "DeliveryToS3.DataFreshness", delivery, limit=fresh_s)
        yield MetricOf(Dependency.FIREHOSE, Kind.THROTTLES, "ThrottledGetRecords", delivery)
    for function in site.topology.functions:
        yield MetricOf(Dependency.LAMBDA, Kind.WORK, "Invocations", function)
        yield MetricOf(Dependency.LAMBDA, Kind.ERRORS, "Errors", function)
        yield MetricOf(Dependency.LAMBDA, Kind.THROTTLES, "Throttles", function)
    yield MetricOf(Dependency.SNS, Kind.WORK, "NumberOfMessagesPublished", names.chunk_topic)
    yield MetricOf(Dependency.SNS, Kind.ERRORS, "NumberOfNotificationsFailed", names.chunk_topic)
    yield MetricOf(Dependency.SQS, Kind.WORK, "NumberOfMessagesSent", names.merge_queue)
    age = "ApproximateAgeOfOldestMessage"
    yield MetricOf(Dependency.SQS, Kind.AGE, age, names.merge_queue, limit=LONGEST_WAIT_S)
