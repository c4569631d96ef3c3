"""A long outage of a site: its mode is put in force, and taken back once all is caught up with.

Asks AWS's services alone. The mode itself: `pipeline.template.outage`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from wavetank.emulator.deploy import outage
from wavetank.emulator.errors import StackError
from wavetank.pipeline.layout import DONE_TAG, MERGED_TAG
from wavetank.pipeline.topology import EventType
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.site.dead_merges import dead_merges
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.site.ticks import PARTS

LAG = timedelta(minutes=30)
"""So old are the records that a consumer has at most where it is not behind, and so far back is that looked for.

A chunk is gathered for a quarter of an hour at most.
"""
MINUTE = timedelta(minutes=1)
PROBLEM = "PROBLEM"
"""How the last result of an event source begins that did not go well (Lambda API reference, EventSourceMapping)."""
_HOUR = re.compile(r"/date=(\d{4}-\d{2}-\d{2})/hour=(\d{2})/")


class NotCaughtUp(StackError):
    """The outage is not over: with the usual settings records would be lost, or events late."""


def begin(site: Site) -> tuple[str, ...]:
    """Put the outage mode in force; the CloudFormation stacks that changed. Raises CallerError, DeployFailed."""
    return outage.switch(site.stack, site.names, on=True)


def end(site: Site, *, accept_late: bool = False) -> tuple[str, ...]:
    """Take the outage mode back; the CloudFormation stacks that changed.

    Raises NotCaughtUp where something would be lost or late, unless that is accepted, CallerError and DeployFailed.
    """
    if not accept_late and outage.is_on(site.stack, site.names) and (reasons := list(left_behind(site))):
        raise NotCaughtUp(
            "\n".join(reasons),
            "Let it catch up, by its schedules or `wavetank tick`, and end it then; --accept-late ends it now.",
        )
    return outage.switch(site.stack, site.names, on=False)


def settings(site: Site) -> Mapping[str, Any]:
    """What the outage mode is about, as it is deployed: by resource, hours, seconds and variables."""
    kinesis, functions = site.stack.client("kinesis"), site.stack.client("lambda")
    there: dict[str, Any] = {}
    for event in site.topology.events:
        for stream in (event.raw_stream, event.processed_stream):
            summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
            there[stream] = summary["RetentionPeriodHours"]
        for mapping in _mappings(site, event):
            there[event.processor] = mapping["MaximumRecordAgeInSeconds"]
    for name in (site.names.planner, site.names.replayer):
        variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        there[name] = {key: value for key, value in variables.items() if "_HOURS" in key}
    return there


def left_behind(site: Site) -> Iterator[str]:
    """Why the usual settings would lose something, or make it late: a sentence for each place that is behind.

    What is in the usual look-back is merged with the usual settings as well.
    """
    now = _now(site)
    for event in site.topology.events:
        yield from _idle(site, event)
        yield from _lags(site, event, now)
        first = now - timedelta(hours=event.component.look_back_hours)
        for what, keys in (
            ("not partitioned", _untagged_chunks(site, event, first)),
            ("not merged", _untagged_parts(site, event, first)),
        ):
            if keys:
                since = f"{first:%Y-%m-%dT%H}"
                yield f"{len(keys):,} files of {event.name} from before {since} are {what} yet, such as {keys[0]}"
    if dead := dead_merges(site.stack, site.names):
        yield f"the merges of {len(dead):,} partitions were given up, such as {next(iter(dead))}"


def _idle(site: Site, event: EventType) -> Iterator[str]:
    """Why the processor takes nothing from its stream, by its event source."""
    for mapping in _mappings(site, event):
        result = mapping.get("LastProcessingResult") or ""
        if mapping["State"] != "Enabled":
            yield f"{event.processor} is not called: its event source is {mapping['State']}"
        elif result.startswith(PROBLEM):
            yield f"{event.processor} fails: {result}"


def _lags(site: Site, event: EventType, now: datetime) -> Iterator[str]:
    """The consumers of both streams that read, or hold, records older than they may be."""
    lags = (
        (event.processor, "AWS/Lambda", "IteratorAge", "FunctionName", timedelta(milliseconds=1)),
        (
            event.delivery_stream,
            "AWS/Firehose",
            "DeliveryToS3.DataFreshness",
            "DeliveryStreamName",
            timedelta(seconds=1),
        ),
    )
    for consumer, namespace, metric, dimension, unit in lags:
        points = site.stack.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": dimension, "Value": consumer}],
            StartTime=now - LAG,
            EndTime=now + MINUTE,
            Period=MINUTE // timedelta(seconds=1),
            Statistics=["Maximum"],
        )["Datapoints"]
        newest = max(points, key=lambda point: point["Timestamp"], default=None)
        if newest is not None and (age := newest["Maximum"] * unit) > LAG:
            yield f"{consumer} has records that are {age / MINUTE:,.0f} minutes old"


def _mappings(site: Site, event: EventType) -> list[Any]:
    listed = site.stack.client("lambda").list_event_source_mappings(FunctionName=event.processor)
    return list(listed["EventSourceMappings"])


def _untagged_chunks(site: Site, event: EventType, first: datetime) -> list[str]:
    """The chunks that are filed under hours before that of `first` and are not partitioned."""
    keys = at_rest.keys(site.s3, site.data_bucket, event.chunk_prefix)
    old = [key for key in keys if key.removeprefix(event.chunk_prefix) < f"{first:%Y/%m/%d/%H}"]
    return _without_tag(site, old, DONE_TAG["Key"])


def _untagged_parts(site: Site, event: EventType, first: datetime) -> list[str]:
    """The parts of hours before that of `first` that no merge has taken in."""
    keys = at_rest.keys(site.s3, site.data_bucket, f"{PARTS}event={event.name}/")
    hours = ((key, _HOUR.search(key)) for key in keys)
    old = [key for key, hour in hours if hour is not None and f"{hour[1]}T{hour[2]}" < f"{first:%Y-%m-%dT%H}"]
    return _without_tag(site, old, MERGED_TAG["Key"])


def _without_tag(site: Site, keys: list[str], tag: str) -> list[str]:
    def has_tag(key: str) -> bool:
        tags = site.s3.get_object_tagging(Bucket=site.data_bucket, Key=key)["TagSet"]
        return any(each["Key"] == tag for each in tags)

    return [key for key, tagged in zip(keys, at_rest.read_all(keys, has_tag), strict=True) if not tagged]


def _now(site: Site) -> datetime:
    """The time of the site; the world's where there is no emulator to ask for its own."""
    try:
        return site.now()
    except StackError:
        return datetime.now(UTC)
