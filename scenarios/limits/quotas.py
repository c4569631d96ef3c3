"""The quotas of AWS that the pipeline meets, each with its page and whether it can be raised. Pure.

Defaults of a new account, which Service Quotas shows; where regions differ, those of `REGIONAL`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_DOCS = "https://docs.aws.amazon.com"
_KINESIS = f"{_DOCS}/streams/latest/dev/service-sizes-and-limits.html"
_LAMBDA = f"{_DOCS}/lambda/latest/dg/gettingstarted-limits.html"
_FIREHOSE = f"{_DOCS}/firehose/latest/dev/limits.html"
_S3 = f"{_DOCS}/AmazonS3/latest/userguide/optimizing-performance.html"
_S3_GENERAL = f"{_DOCS}/general/latest/gr/s3.html"
_CLOUDWATCH = f"{_DOCS}/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"
_LOGS = f"{_DOCS}/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"
_SQS = f"{_DOCS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-quotas.html"
_SNS = f"{_DOCS}/general/latest/gr/sns.html"
_CLOUDFORMATION = f"{_DOCS}/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
_IAM = f"{_DOCS}/IAM/latest/UserGuide/reference_iam-quotas.html"
_EVENTS = f"{_DOCS}/eventbridge/latest/userguide/eb-quota.html"
_TAGS = f"{_DOCS}/tag-editor/latest/userguide/tagging.html"
MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota. can_be_raised: by AWS on request, or by a setting of ours, which `remedy` names; else it stands."""

    name: str
    service: str
    value: float
    unit: str
    source: str
    can_be_raised: bool
    remedy: str = ""


SHARD_RECORDS_IN = Quota(
    "shard-records-in", "Kinesis", 1_000, "records/s a shard", _KINESIS, False, "stream.shards, or on-demand; aggregate"
)
SHARD_BYTES_IN = Quota(
    "shard-bytes-in", "Kinesis", MIB, "bytes/s a shard", _KINESIS, False, "stream.shards, or on-demand"
)
SHARD_BYTES_OUT = Quota(
    "shard-bytes-out", "Kinesis", 2 * MIB, "bytes/s a shard", _KINESIS, False, "stream.shards; enhanced fan-out"
)
SHARD_READS = Quota("shard-reads", "Kinesis", 5, "reads/s a shard", _KINESIS, False, "enhanced fan-out for consumers")
RECORD_BYTES = Quota("record-bytes", "Kinesis", MIB, "bytes a record", _KINESIS, True, "MaxRecordSize, up to 10 MiB")
SHARDS = Quota("shards", "Kinesis", 1_000, "shards an account", _KINESIS, True)
ON_DEMAND_STREAMS = Quota("on-demand-streams", "Kinesis", 50, "streams an account", _KINESIS, True)
ON_DEMAND_BYTES = Quota("on-demand-bytes-in", "Kinesis", 200 * MIB, "bytes/s a stream", _KINESIS, True)
CONSUMERS = Quota("consumers", "Kinesis", 20, "enhanced fan-out consumers a stream", _KINESIS, False)
CONCURRENCY = Quota("account-concurrency", "Lambda", 1_000, "invocations at once an account", _LAMBDA, True)
PROCESSORS = Quota(
    "processors-at-once",
    "Lambda",
    1,
    "batches at once an event source",
    f"{_DOCS}/lambda/latest/dg/services-kinesis-parameters.html",
    True,
    "stream.shards, processor.parallelization, batch_records",
)
FUNCTION_TIME = Quota(
    "function-time", "Lambda", 900, "s an invocation", _LAMBDA, False, "smaller work: see the subject"
)
ENVIRONMENT = Quota("environment-bytes", "Lambda", 4_096, "bytes of a function's variables", _LAMBDA, False)
LAYERS = Quota("layers", "Lambda", 5, "layers a function", _LAMBDA, False)
PACKAGE = Quota("package-bytes", "Lambda", 250 * MIB, "bytes unzipped, with layers", _LAMBDA, False)
RESERVED = Quota(
    "reserved-concurrency",
    "Lambda",
    900,
    "invocations at once that are reserved, of an account",
    f"{_DOCS}/lambda/latest/dg/configuration-concurrency.html",
    True,
    "it is what the account has but for 100",
)
SNAPSHOTS = Quota(
    "snapshot-bytes",
    "Lambda",
    512 * MIB,
    "bytes of memory of a processor",
    f"{_DOCS}/lambda/latest/dg/configuration-memory.html",
    True,
    "processor.memory_mib",
)
ADDRESSES = Quota(
    "subnet-addresses",
    "VPC",
    11,
    "addresses of the smallest subnet",
    f"{_DOCS}/vpc/latest/userguide/subnet-sizing.html",
    True,
    "a larger subnet than /28",
)
TEMPORARY = Quota("temporary-bytes", "Lambda", 10_240 * MIB, "bytes in /tmp", _LAMBDA, False, "hash_buckets")
FIREHOSES = Quota("delivery-streams", "Firehose", 2_000, "streams an account", _FIREHOSE, True)
PREFIX_WRITES = Quota("prefix-writes", "S3", 3_500, "PUT/s a prefix", _S3, False, "longer buffers; S3 splits by itself")
PREFIX_READS = Quota("prefix-reads", "S3", 5_500, "GET/s a prefix", _S3, False, "longer buffers; S3 splits by itself")
LIFE_CYCLE = Quota("life-cycle-rules", "S3", 1_000, "rules a bucket", _S3_GENERAL, False, "expiry under [defaults]")
FILTERS = Quota("metric-filters", "CloudWatch", 100, "filters a log group", _LOGS, False)
LOG_CALLS = Quota("log-calls", "CloudWatch", 1_500, "PutLogEvents/s an account", _LOGS, True)
ALARMS = Quota("alarms", "CloudWatch", 5_000, "alarms an account", _CLOUDWATCH, True)
WIDGET_METRICS = Quota("widget-metrics", "CloudWatch", 500, "metrics a widget", _CLOUDWATCH, False)
DASHBOARD_METRICS = Quota("dashboard-metrics", "CloudWatch", 2_500, "metrics a dashboard", _CLOUDWATCH, False)
PUT_METRICS = Quota("put-metric-data", "CloudWatch", 500, "PutMetricData/s an account", _CLOUDWATCH, True)
GET_METRICS = Quota("get-metric-data", "CloudWatch", 50, "GetMetricData/s an account", _CLOUDWATCH, True)
IN_FLIGHT = Quota("in-flight", "SQS", 120_000, "messages a queue", _SQS, False)
MESSAGE_BYTES = Quota("message-bytes", "SQS", 256 * 1024, "bytes a message", _SQS, False, "look_back_hours")
PUBLISHES = Quota("publishes", "SNS", 300, "messages/s an account", _SNS, True)
RESOURCES = Quota("template-resources", "CloudFormation", 500, "resources a stack", _CLOUDFORMATION, False)
TEMPLATE_BYTES = Quota("template-bytes", "CloudFormation", 1_000_000, "bytes a template", _CLOUDFORMATION, False)
PARAMETERS = Quota("template-parameters", "CloudFormation", 200, "parameters a template", _CLOUDFORMATION, False)
OUTPUTS = Quota("template-outputs", "CloudFormation", 200, "outputs a template", _CLOUDFORMATION, False)
STACKS = Quota("stacks", "CloudFormation", 2_000, "stacks an account", _CLOUDFORMATION, True)
ROLES = Quota("roles", "IAM", 1_000, "roles an account", _IAM, True)
POLICY = Quota("policy-bytes", "IAM", 10_240, "characters of a role's inline policies", _IAM, False)
RULES = Quota("rules", "EventBridge", 300, "rules a bus", _EVENTS, True)
TAGS = Quota("tags", "all", 50, "tags a resource", _TAGS, False)

QUOTAS: tuple[Quota, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Quota))
"""All of them."""

REGIONAL: Mapping[str, Mapping[Quota, float]] = {
    "us-east-1": {
        SHARDS: 20_000, ON_DEMAND_BYTES: 10 * 1024 * MIB, FIREHOSES: 5_000, LOG_CALLS: 5_000, PUBLISHES: 30_000,
    },
    "us-west-2": {
        SHARDS: 20_000, ON_DEMAND_BYTES: 10 * 1024 * MIB, FIREHOSES: 5_000, LOG_CALLS: 5_000, PUBLISHES: 9_000,
    },
    "eu-west-1": {
        SHARDS: 20_000, ON_DEMAND_BYTES: 10 * 1024 * MIB, FIREHOSES: 5_000, LOG_CALLS: 5_000, PUBLISHES: 9_000,
    },
    "eu-central-1": {LOG_CALLS: 5_000, PUBLISHES: 3_000},
}  # fmt: skip
"""Where a region has more than the others."""


def value_in(region: str, quota: Quota) -> float:
    """The default of a quota in a region."""
    return REGIONAL.get(region, {}).get(quota, quota.value)
