"""Reads the situation of a stage from AWS: metrics, logs, alarms, what changed, and a cheap call of each service."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from wavetank.pipeline.layout import REFERENCE, SCHEMAS, reference_index_key
from wavetank.scenarios.client.metric_data import Metric, datapoints
from wavetank.scenarios.observability.log_lines import Level, LogChoice, LogLine
from wavetank.scenarios.observability.log_reader import LogReader
from wavetank.scenarios.observability.triage.metrics import metrics_of
from wavetank.scenarios.observability.triage.model import (
    Change,
    Dependency,
    Failure,
    Probe,
    Reading,
    Ringing,
    Situation,
    SwitchedOff,
)
from wavetank.scenarios.site.site import Site

ANSWER_S = 10.0
AT_ONCE = 8
"""GetMetricData takes so many (Amazon CloudWatch API reference)."""
PERIOD_S = 300
ALARM = "ALARM"
LONGEST_EXAMPLE = 200
NEWEST = 5
"""So many changes of each kind are told."""
_SERVICE_ERROR = re.compile(r"An error occurred \((?P<code>[\w.]+)\) when calling the (?P<operation>\w+) operation")
_NO_ANSWER = re.compile(r"(?P<code>ConnectTimeoutError|ReadTimeoutError|EndpointConnectionError|ConnectionClosedError)")
_ERROR = re.compile(r"(?:^|\s)(?P<code>[A-Za-z_.]*(?:Error|Exception|Fault))\b")
_OPERATIONS = {
    Dependency.KINESIS: ("PutRecords", "PutRecord", "GetRecords", "GetShardIterator"),
    Dependency.SNS: ("Publish",),
    Dependency.SQS: ("SendMessage", "SendMessageBatch", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"),
    Dependency.FIREHOSE: ("PutRecordBatch",),
    Dependency.CLOUDWATCH: ("PutMetricData", "PutLogEvents"),
}
_ELSEWHERE = frozenset({"GetSecretValue"})
"""Operations of services that are not among the dependencies: only dumpers call them."""
_SETTLED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
_MOVING = "_IN_PROGRESS"


def situation(site: Site, now: datetime, span: timedelta) -> Situation:
    """The situation of a stage in the span that ends `now`, by the clock of the stack."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="triage") as pool:
        probes = list(pool.map(lambda probe: _probed(site, *probe), _probes(site)))
        answering = {probe.dependency for probe in probes if not probe.error}
        has = {dependency: dependency in answering for dependency in Dependency}
        readings = pool.submit(_readings, site, now, span) if has[Dependency.CLOUDWATCH] else None
        alarms = pool.submit(_alarms, site) if has[Dependency.CLOUDWATCH] else None
        failures = pool.submit(_failures, site, now - span) if has[Dependency.CLOUDWATCH] else None
        changes = pool.submit(_changes, site, lambdas=has[Dependency.LAMBDA], s3=has[Dependency.S3])
        off = pool.submit(_switched_off, site) if has[Dependency.LAMBDA] else None
        waiting = pool.submit(_waiting, site) if has[Dependency.S3] else None
        return Situation(
            now=now,
            span=span,
            readings=tuple(readings.result()) if readings else (),
            probes=tuple(probes),
            failures=tuple(failures.result()) if failures else (),
            changes=tuple(sorted(changes.result(), key=lambda change: change.at, reverse=True)),
            alarms=tuple(alarms.result()) if alarms else (),
            switched_off=tuple(off.result()) if off else (),
            waiting=waiting.result() if waiting else {},
        )


def failures_in(lines: Iterable[LogLine]) -> list[Failure]:
    """The errors that lines tell of: those of services by code and operation, others by their type; each once."""
    counts, first = Counter[tuple[str, str, str, Dependency | None]](), dict[Any, LogLine]()
    for line in lines:
        kind: tuple[str, str, str, Dependency | None]
        named = _SERVICE_ERROR.search(line.text)
        silent = _NO_ANSWER.search(line.text)
        if named:
            kind = (line.function, named["code"], named["operation"], _dependency(named["operation"]))
        elif silent:
            kind = (line.function, silent["code"], "a call", None)
        else:
            trouble = line.fields.get("errorType") or _type_of(line)
            kind = (line.function, str(trouble), "", None)
        counts[kind] += 1
        first.setdefault(kind, line)
    return [
        Failure(
            *kind,
            times=times,
            example=first[kind].message.split("\n")[0][:LONGEST_EXAMPLE],
            since=datetime.fromtimestamp(first[kind].time_ms / 1000, UTC),
        )
        for kind, times in counts.most_common()
    ]


def _type_of(line: LogLine) -> str:
    if "Task timed out" in line.text or "Status: timeout" in line.text:
        return "a time-out"
    # The last line of a traceback names the exception.
    named = [match["code"] for part in reversed(line.message.split("\n")) if (match := _ERROR.search(part))]
    return named[0] if named else "an error"


def _dependency(operation: str) -> Dependency | None:
    """The service of an operation that functions call; most are of S3."""
    if operation in _ELSEWHERE:
        return None
    return next((name for name, operations in _OPERATIONS.items() if operation in operations), Dependency.S3)


def _failures(site: Site, since: datetime) -> list[Failure]:
    reader = LogReader(site.stack.client("logs"), site.topology.functions, site.names.prefix)
    return failures_in(reader.lines(LogChoice(level=Level.ERROR), int(since.timestamp() * 1000)))


def _probes(site: Site) -> list[tuple[Dependency, str, str, dict[str, Any]]]:
    """A call of each service that costs next to nothing: client, operation and arguments."""
    names, stack = site.names, site.stack
    event = site.topology.events[0]
    topic = f"arn:aws:sns:{stack.region}:{stack.account}:{names.chunk_topic}"
    return [
        (Dependency.KINESIS, "kinesis", "describe_stream_summary", {"StreamName": event.raw_stream}),
        (Dependency.LAMBDA, "lambda", "get_function_configuration", {"FunctionName": names.partitioner}),
        (Dependency.S3, "s3", "list_objects_v2", {"Bucket": site.data_bucket, "MaxKeys": 1}),
        (Dependency.SNS, "sns", "get_topic_attributes", {"TopicArn": topic}),
        (Dependency.SQS, "sqs", "get_queue_url", {"QueueName": names.merge_queue}),
        (Dependency.FIREHOSE, "firehose", "describe_delivery_stream", {"DeliveryStreamName": event.delivery_stream}),
        (Dependency.CLOUDWATCH, "cloudwatch", "describe_alarms", {"MaxRecords": 1}),
    ]


def _probed(site: Site, dependency: Dependency, service: str, operation: str, arguments: dict[str, Any]) -> Probe:
    from botocore.exceptions import BotoCoreError, ClientError

    client = site.stack.client(service, answer_s=ANSWER_S)
    code, theirs, begun = "", False, time.monotonic()
    try:
        getattr(client, operation)(**arguments)
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        theirs = error.response["ResponseMetadata"]["HTTPStatusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR
    except BotoCoreError as error:
        code, theirs = type(error).__name__, True
    took_ms = (time.monotonic() - begun) * 1000
    return Probe(dependency, client.meta.method_to_api_mapping[operation], round(took_ms, 1), code, theirs)


def _readings(site: Site, now: datetime, span: timedelta) -> list[Reading]:
    end_s = -(-int(now.timestamp()) // PERIOD_S) * PERIOD_S
    start_s = (end_s - max(int(span.total_seconds()), PERIOD_S)) // PERIOD_S * PERIOD_S
    wanted = {
        metric: Metric(metric.namespace, metric.name, ((metric.dimension, metric.resource),), metric.statistic)
        for metric in metrics_of(site)
    }
    cloudwatch = site.stack.client("cloudwatch")
    values = datapoints(cloudwatch, wanted, since_s=start_s, until_s=end_s, period_s=PERIOD_S)
    return [metric.reading(list(by_period.values())) for metric, by_period in values.items()]


def _alarms(site: Site) -> list[Ringing]:
    pages = (
        site.stack.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(
            AlarmNamePrefix=f"{site.names.prefix}-", StateValue=ALARM, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
    )
    return [
        Ringing(alarm["AlarmName"], alarm["StateUpdatedTimestamp"], alarm.get("StateReason", ""))
        for page in pages
        for alarm in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", []))
        if alarm["StateValue"] == ALARM
    ]


def _changes(site: Site, *, lambdas: bool, s3: bool) -> list[Change]:
    changes = list(_of_stacks(site))
    if s3:
        pages = site.s3.get_paginator("list_objects_v2").paginate(Bucket=site.registry_bucket, Prefix=f"{SCHEMAS}/")
        schemas = [
            Change(entry["LastModified"], "schema", entry["Key"])
            for page in pages
            for entry in page.get("Contents", [])
            if entry["Key"].endswith(".avsc")
        ]
        changes += sorted(schemas, key=lambda change: change.at)[-NEWEST:]
        changes += sorted(_of_references(site), key=lambda change: change.at)[-NEWEST:]
    if lambdas:
        functions = [Change(at, "function", name) for name, at in _last_modified(site).items()]
        changes += sorted(functions, key=lambda change: change.at)[-NEWEST:]
    return changes


def _of_references(site: Site) -> Iterator[Change]:
    """When the index of each reference was last written: with it a snapshot was published, or old ones were let go."""
    names = {reference_index_key(reference.name): reference.name for reference in site.topology.references}
    pages = site.s3.get_paginator("list_objects_v2").paginate(Bucket=site.registry_bucket, Prefix=f"{REFERENCE}/")
    for entry in (entry for page in pages for entry in page.get("Contents", [])):
        if entry["Key"] in names:
            yield Change(entry["LastModified"], "reference", names[entry["Key"]])


def _of_stacks(site: Site) -> Iterator[Change]:
    from botocore.exceptions import BotoCoreError, ClientError

    client = site.stack.client("cloudformation")
    names = (site.names.shared_stack, *(site.names.component_stack(event.name) for event in site.topology.events))
    for name in names:
        try:
            [stack] = client.describe_stacks(StackName=name)["Stacks"]
        except (ClientError, BotoCoreError):
            continue
        at, status = stack.get("LastUpdatedTime") or stack["CreationTime"], stack["StackStatus"]
        is_bad = status not in _SETTLED and not status.endswith(_MOVING)
        yield Change(at, "stack", f"{name} ({status})", is_bad=is_bad)


def _last_modified(site: Site) -> dict[str, datetime]:
    client, functions = site.stack.client("lambda"), dict[str, datetime]()
    for page in client.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            if function["FunctionName"] in site.topology.functions:
                functions[function["FunctionName"]] = datetime.fromisoformat(function["LastModified"])
    return functions


def _switched_off(site: Site) -> list[SwitchedOff]:
    """The event types whose processor takes nothing: its mapping is disabled, or gone; functions that may not run."""
    client, off = site.stack.client("lambda"), list[SwitchedOff]()
    for event in site.topology.events:
        mappings = client.list_event_source_mappings(FunctionName=event.processor)["EventSourceMappings"]
        for mapping in mappings:
            if mapping["State"] in ("Disabled", "Disabling"):
                command = f"aws lambda update-event-source-mapping --uuid {mapping['UUID']} --enabled"
                off.append(SwitchedOff(event.raw_stream, "switched off at its consumer", command))
        if not mappings:
            off.append(SwitchedOff(event.raw_stream, "without a consumer", "wavetank deploy"))
    for function in site.topology.functions:
        reserved = client.get_function_concurrency(FunctionName=function).get("ReservedConcurrentExecutions")
        if reserved == 0:
            command = f"aws lambda delete-function-concurrency --function-name {function}"
            off.append(SwitchedOff(function, "throttled to nothing", command))
    return off


def _waiting(site: Site) -> dict[str, int]:
    """The number of things that wait for a person, by the command that shows them."""
    from wavetank.scenarios.client import quarantine
    from wavetank.scenarios.site.dead_merges import dead_merges

    files = list(quarantine.files(site.s3, site.data_bucket))
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="triage") as pool:
        redriven = sum(pool.map(lambda file: quarantine.is_redriven(site.s3, site.data_bucket, file), files))
    dead = sum(dead_merges(site.stack, site.names).values())
    return {"wavetank quarantine list": len(files) - redriven, "wavetank status": dead}
