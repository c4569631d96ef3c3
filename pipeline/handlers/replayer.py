"""Finds chunks whose notification got lost, and announces them again.

A chunk is done when it carries the partitioner's tag. One that is older than the grace and has none is
published on the topic as its S3 notification would have been: it goes the ordinary way.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from botocore.exceptions import ClientError

from wavetank.pipeline import layout
from wavetank.pipeline.aws import calls, environment, report
from wavetank.pipeline.aws.environment import hours_back, time_of
from wavetank.pipeline.layout import DONE_TAG

NEVER = "9999/12/31/23"
"""An hour, as a chunk's key has it, after which there is no chunk."""


def handle(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Announce again each untagged chunk of its event type's look-back before the tick; answers with the counts."""
    bucket, now = environment.text("DATA_BUCKET"), time_of(event)
    seen, lines = 0, dict[str, report.Fields]()
    with ExitStack() as written:
        for event_type in calls.folders(bucket, f"{layout.CHUNKS}/"):
            line = lines[event_type] = written.enter_context(report.invocation(event_type))
            chunks = list(_chunks(bucket, event_type, now))
            done = calls.in_parallel(lambda chunk: _is_done(bucket, chunk), chunks)
            untagged = [chunk for chunk, is_tagged in zip(chunks, done, strict=True) if not is_tagged]
            oldest = min((chunk["LastModified"] for chunk in untagged), default=now)
            line |= {"replayed": 0, "untagged_age_s": report.age_s(oldest.timestamp(), now.timestamp())}
            seen += len(chunks)
            for chunk in untagged:
                _announce(bucket, chunk)
                line["replayed"] = int(line["replayed"]) + 1
    return {"seen": seen, "replayed": sum(int(line["replayed"]) for line in lines.values())}


def _is_done(bucket: str, chunk: Mapping[str, Any]) -> bool:
    """Whether a chunk needs no announcement: it has the tag, or has expired since it was listed."""
    try:
        tags = calls.s3().get_object_tagging(Bucket=bucket, Key=chunk["Key"])["TagSet"]
    except ClientError as error:
        if calls.code(error) == "NoSuchKey":
            return True
        raise
    return DONE_TAG in tags


def _chunks(bucket: str, event_type: str, now: datetime) -> Iterator[Mapping[str, Any]]:
    """The chunks of an event type that arrived in the window and are past the grace.

    Firehose files a chunk under the hour its first record arrived in, the buffering interval before it is written:
    hence the hours of the window by name, and the grace by the object's own age.
    """
    youngest = now - timedelta(minutes=environment.number("CHUNK_GRACE_MINUTES"))
    reach = max(environment.number_of(name, event_type) for name in ("LOOK_BACK_HOURS", "CATCH_UP_HOURS"))
    hours = {f"{hour:%Y/%m/%d/%H}" for hour in hours_back(now, reach)}
    first, last = min(hours, default=NEVER), max(hours, default="")
    folder = layout.chunk_prefix(event_type)
    for chunk in calls.objects(bucket, folder, after=f"{folder}{first}/"):
        hour = chunk["Key"][len(folder) :][: len(NEVER)]
        if hour > last:
            break
        if hour in hours and chunk["LastModified"] <= youngest:
            yield chunk


def _announce(bucket: str, chunk: Mapping[str, Any]) -> None:
    """Publish the notification of `chunk` again (S3 user guide, "Event message structure")."""
    record = {
        "eventVersion": "2.1",
        "eventSource": "wavetank:replayer",
        "eventTime": chunk["LastModified"].astimezone(UTC).isoformat(),
        "eventName": "ObjectCreated:Put",
        "s3": {
            "s3SchemaVersion": "1.0",
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {
                "key": quote_plus(chunk["Key"], safe="/"),
                "size": chunk["Size"],
                "eTag": chunk["ETag"].strip('"'),
            },
        },
    }
    message = json.dumps({"Records": [record]})
    calls.sns().publish(TopicArn=environment.text("CHUNK_TOPIC_ARN"), Subject="Amazon S3 Notification", Message=message)
