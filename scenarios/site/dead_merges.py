"""Partitions whose merge was given up: the dead letters of the queue of merges, read as a person would, and left there.

What is in an event sets itself aside and lets the rest land; a merge that is given up met an outage that lasted, a
right that is missing, or too little memory.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline.names import Names

MOST_MESSAGES = 10
"""So many messages at most come with one ReceiveMessage (Amazon SQS API reference)."""
HIDDEN_S = 30
"""While they are read, nobody else gets them; then they are there again."""
HOUR = timedelta(hours=1)


def dead_merges(stack: Stack, names: Names) -> dict[str, int]:
    """The partitions, by path, whose merge was given up, and how many dead letters each has."""
    partitions: Counter[str] = Counter()

    def count(partition: str) -> bool:
        partitions[partition] += 1
        return False

    _read(stack, names, count)
    return dict(sorted(partitions.items()))


def forget(stack: Stack, names: Names, is_done: Callable[[str], bool]) -> int:
    """Take the dead letters of partitions that are merged by now out of the queue; how many there were."""
    taken: list[str] = []

    def take(partition: str) -> bool:
        taken.extend([partition] if is_done(partition) else [])
        return is_done(partition)

    _read(stack, names, take)
    return len(taken)


def remedy(partitions: Collection[str]) -> str:
    """A sentence for a person: why there are such partitions, and how they are merged again."""
    hours = sorted(hour_of(partition) for partition in partitions)
    span = f"--from {hours[0]:%Y-%m-%dT%H} --to {hours[-1] + HOUR:%Y-%m-%dT%H}"
    return (
        "Nothing in their events is at fault but infrastructure: see `wavetank logs --function concatenator`, mend it, "
        f"then run `wavetank concatenate {span}`."
    )


def hour_of(partition: str) -> datetime:
    """The start of a partition's hour, by its path."""
    keys = _keys(partition)
    return datetime.fromisoformat(f"{keys['date']}T{keys['hour']}:00+00:00")


def event_type_of(partition: str) -> str:
    """The event type of a partition, by its path."""
    return _keys(partition)["event"]


def _keys(partition: str) -> dict[str, str]:
    return {name: value for name, _, value in (pair.partition("=") for pair in partition.split("/"))}


def _read(stack: Stack, names: Names, is_done: Callable[[str], bool]) -> None:
    """Look at each dead letter once; those that are done with are deleted, the others are there again afterwards."""
    from botocore.exceptions import ClientError

    sqs: Any = stack.client("sqs")
    try:
        url = sqs.get_queue_url(QueueName=names.dead_merges)["QueueUrl"]
    except ClientError as error:
        if "NonExistentQueue" in str(error) or "QueueDoesNotExist" in str(error):
            return
        raise
    left = []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=MOST_MESSAGES, VisibilityTimeout=HIDDEN_S
    ).get("Messages", []):
        for message in messages:
            if is_done(str(json.loads(message["Body"])["partition"])):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            else:
                left.append(message["ReceiptHandle"])
    for handle in left:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
