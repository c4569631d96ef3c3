"""Finds chunks whose notification got lost, and announces them again.

A chunk is done when it carries the partitioner's tag. One that is older than the grace and has none is
published on the topic as its S3 notification would have been: it goes the ordinary way.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from botocore.exceptions import ClientError

from wavetank.pipeline.aws import calls, environment
from wavetank.pipeline.aws.tags import DONE_TAG
from wavetank.pipeline.aws.tick import hours_back, time_of

NEVER = "9999/12/31/23"
"""An hour, as a chunk's key has it, after which there is no chunk."""


def handle(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Announce again each untagged chunk of the look-back window before the tick; answers with the counts."""
    now = time_of(event)
    bucket = environment.text("DATA_BUCKET")
    seen = list(_chunks(bucket, now))
    done = calls.each(lambda chunk: _is_done(bucket, chunk["Key"]), seen)
    untagged = [chunk for chunk, is_done in zip(seen, done, strict=True) if not is_done]
    for chunk in untagged:
        _announce(bucket, chunk)
    return {"seen": len(seen), "replayed": len(untagged)}


def _chunks(bucket: str, now: datetime) -> Iterator[Mapping[str, Any]]:
    """The chunks that arrived in the window and are past the grace.

    Firehose files a chunk under the hour its first record arrived in, the buffering interval before it is written:
    hence the hours of the window by name, and the grace by the object's own age.
    """
    youngest = now - timedelta(minutes=environment.number("CHUNK_GRACE_MINUTES"))
    hours = [f"{hour:%Y/%m/%d/%H}" for hour in hours_back(now, environment.number("LOOK_BACK_HOURS"))]
    for event in calls.folders(bucket, "chunks/"):
        folder = f"chunks/{event}/"
        for chunk in calls.objects(bucket, folder, after=f"{folder}{min(hours, default=NEVER)}/"):
            hour = chunk["Key"][len(folder) :][: len(NEVER)]
            if hour > max(hours, default=""):
                break
            if hour in hours and chunk["LastModified"] <= youngest:
                yield chunk


def _is_done(bucket: str, key: str) -> bool:
    try:
        tags = calls.s3().get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    except ClientError as error:
        if calls.code(error) == "NoSuchKey":
            return True
        raise
    return DONE_TAG in tags


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
