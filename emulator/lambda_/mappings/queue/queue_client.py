"""Takes messages from a queue through the AWS API, in memory, for event source mappings."""

import logging
from collections.abc import Sequence
from functools import cached_property
from itertools import batched
from typing import Any

from wavetank.emulator.lambda_.mappings.function_client import acting_client, internal_client
from wavetank.emulator.lambda_.mappings.queue.core.message import Message, from_raw
from wavetank.emulator.lambda_.mappings.stream.core.retry import wait_s
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.inflight import IN_FLIGHT

LOG = logging.getLogger(__name__)

HOP = "lambda.queue-source"
AT_ONCE = 10
"""The most messages in one call."""

ATTEMPTS = 4
"""A message that could not be deleted so often comes again."""


class QueueClient:
    """A queue, seen by its reader. Methods raise botocore's errors unless they say otherwise."""

    def __init__(self, queue_arn: str, function_arn: str = "", role_arn: str = "") -> None:
        """The queue as a function reads it by its role; as Lambda does where there is none.

        By the role messages are received and deleted. To find the queue's address and to hide messages is not asked of
        it: on AWS a mapping does neither through the API.
        """
        _, _, _, region, account, name = queue_arn.split(":")
        self._arn, self._function_arn, self._role_arn = queue_arn, function_arn, role_arn
        self._owner, self._name, self._region = account, name, region
        self._client = internal_client("sqs", account, region)
        self._queue_url = ""

    @cached_property
    def _acting(self) -> Any:
        return acting_client("sqs", self._role_arn, self._function_arn, account=self._owner, region=self._region)

    def receive(self, most: int) -> list[Message]:
        """Messages that are visible now, no more than `most`; none are an empty list."""
        answer = self._acting.receive_message(
            QueueUrl=self._url(),
            MaxNumberOfMessages=min(most, AT_ONCE),
            WaitTimeSeconds=0,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        return [from_raw(raw, self._arn, CLOCK.now()) for raw in answer.get("Messages") or []]

    def delete(self, messages: Sequence[Message]) -> None:
        """Delete messages that are done; what cannot be deleted comes again. Raises nothing."""
        for some in batched(messages, AT_ONCE, strict=False):
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    entries = [{"Id": str(n), "ReceiptHandle": message.receipt} for n, message in enumerate(some)]
                    answer = self._acting.delete_message_batch(QueueUrl=self._url(), Entries=entries)
                    for refused in answer.get("Failed") or []:
                        LOG.warning("a message of %s could not be deleted: %s", self._name, refused.get("Message"))
                except Exception as error:
                    LOG.warning("%d messages of %s could not be deleted: %s", len(some), self._name, error)
                    if attempt < ATTEMPTS:
                        what = f"{len(some)} messages of {self._name}, to be deleted again"
                        IN_FLIGHT.pause(HOP, self._name, what, wait_s(attempt))
                else:
                    break

    def hide(self, message: Message, timeout_s: int) -> None:
        """Let a received message become visible no earlier than in `timeout_s` emulator seconds."""
        self._client.change_message_visibility(
            QueueUrl=self._url(), ReceiptHandle=message.receipt, VisibilityTimeout=timeout_s
        )

    def visibility_timeout_s(self) -> int:
        """Seconds that a received message stays hidden, unless told otherwise."""
        answer = self._client.get_queue_attributes(QueueUrl=self._url(), AttributeNames=["VisibilityTimeout"])
        return int(answer["Attributes"]["VisibilityTimeout"])

    def _url(self) -> str:
        if not self._queue_url:
            answer = self._client.get_queue_url(QueueName=self._name, QueueOwnerAWSAccountId=self._owner)
            self._queue_url = str(answer["QueueUrl"])
        return self._queue_url
