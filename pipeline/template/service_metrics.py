"""The metrics of AWS services that alarms watch and dashboards show: where each is found, how it is read. Pure.

Sources: Lambda developer guide, "Types of metrics for Lambda functions"; Kinesis Data Streams developer guide,
"Monitoring the Amazon Kinesis Data Streams service with CloudWatch"; Firehose developer guide, "Monitoring with
CloudWatch metrics"; SQS developer guide, "Available CloudWatch metrics for Amazon SQS"; SNS developer guide,
"Monitoring Amazon SNS topics using CloudWatch"; CloudWatch Logs user guide, "Monitoring with CloudWatch metrics".
"""

from dataclasses import dataclass

from wavetank.pipeline.metrics import Statistic


@dataclass(frozen=True, slots=True)
class ServiceMetric:
    """A metric that a service sends for each of its resources, by the one dimension that names the resource.

    divisor: what its values are divided by, to be in the unit that people read. meaning: what one value says.
    """

    namespace: str
    name: str
    dimension: str
    meaning: str
    statistic: Statistic = Statistic.SUM
    divisor: int = 1


_FUNCTION, _STREAM, _DELIVERY = "FunctionName", "StreamName", "DeliveryStreamName"
MILLISECONDS = 1_000
"""Of a second."""

INVOCATIONS = ServiceMetric("AWS/Lambda", "Invocations", _FUNCTION, "executions of the function")
ERRORS = ServiceMetric("AWS/Lambda", "Errors", _FUNCTION, "executions that failed")
THROTTLES = ServiceMetric("AWS/Lambda", "Throttles", _FUNCTION, "executions refused for want of concurrency")
LONGEST = ServiceMetric(
    "AWS/Lambda", "Duration", _FUNCTION, "seconds of the longest execution", Statistic.MAXIMUM, MILLISECONDS
)
TYPICAL = ServiceMetric(
    "AWS/Lambda", "Duration", _FUNCTION, "seconds of an execution on average", Statistic.AVERAGE, MILLISECONDS
)
AT_WORK = ServiceMetric(
    "AWS/Lambda", "Duration", _FUNCTION, "seconds of all executions together", Statistic.SUM, MILLISECONDS
)
CONCURRENT = ServiceMetric(
    "AWS/Lambda", "ConcurrentExecutions", _FUNCTION, "executions at the same time", Statistic.MAXIMUM
)
ITERATOR_AGE = ServiceMetric(
    "AWS/Lambda", "IteratorAge", _FUNCTION, "seconds from arrival to reading", Statistic.MAXIMUM, MILLISECONDS
)
RECORDS_PUT = ServiceMetric("AWS/Kinesis", "IncomingRecords", _STREAM, "records put on the stream")
BYTES_PUT = ServiceMetric("AWS/Kinesis", "IncomingBytes", _STREAM, "bytes put on the stream")
PUTS_REFUSED = ServiceMetric(
    "AWS/Kinesis", "WriteProvisionedThroughputExceeded", _STREAM, "records refused: too much for the shards"
)
READS_REFUSED = ServiceMetric(
    "AWS/Kinesis", "ReadProvisionedThroughputExceeded", _STREAM, "reads refused: too much for the shards"
)
READ_AGE = ServiceMetric(
    "AWS/Kinesis",
    "GetRecords.IteratorAgeMilliseconds",
    _STREAM,
    "seconds from arrival to reading, of any reader",
    Statistic.MAXIMUM,
    MILLISECONDS,
)
DELIVERED = ServiceMetric("AWS/Firehose", "DeliveryToS3.Records", _DELIVERY, "records delivered in chunks")
DELIVERY_SUCCESS = ServiceMetric(
    "AWS/Firehose", "DeliveryToS3.Success", _DELIVERY, "share of deliveries that succeeded", Statistic.AVERAGE
)
FRESHNESS = ServiceMetric(
    "AWS/Firehose", "DeliveryToS3.DataFreshness", _DELIVERY, "seconds the oldest record waits", Statistic.MAXIMUM
)
MESSAGES_WAITING = ServiceMetric(
    "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "messages waiting", Statistic.MAXIMUM
)
MESSAGE_AGE = ServiceMetric(
    "AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "seconds the oldest message waits", Statistic.MAXIMUM
)
NOTIFICATIONS_FAILED = ServiceMetric(
    "AWS/SNS", "NumberOfNotificationsFailed", "TopicName", "notifications that did not reach their function"
)
LOG_BYTES = ServiceMetric("AWS/Logs", "IncomingBytes", "LogGroupName", "bytes written to the log")

SERVICE_METRICS: tuple[ServiceMetric, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, ServiceMetric)
)
"""All of them."""
