"""Sends invocation records to the on-failure destination of a mapping: a queue, a topic or a bucket."""

import logging
import uuid
from collections.abc import Callable
from typing import Any

from wavetank.emulator.lambda_.mappings.internal_client import internal_client
from wavetank.emulator.lambda_.mappings.stream.core.failure_record import (
    Origin,
    as_json,
    invocation_record,
    s3_key,
    s3_record,
)
from wavetank.emulator.lambda_.mappings.stream.core.retry import Discard, wait_s
from wavetank.emulator.lambda_.mappings.stream.core.settings import MappingSettings
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.inflight import IN_FLIGHT

LOG = logging.getLogger(__name__)

HOP = "lambda.on-failure"
ATTEMPTS = 4
"""A record that could not be sent so often is dropped with an error in the log, as a misconfigured one would be."""


class OnFailure:
    """Where the given-up records of one mapping are reported, if anywhere."""

    def __init__(self, settings: MappingSettings) -> None:
        self._settings = settings
        self._destination = settings.on_failure

    def report(self, discard: Discard, shard_id: str) -> None:
        """Send the invocation record and return when it is stored, or cannot be; raises nothing."""
        settings = self._settings
        where = f"{settings.title} {shard_id} {discard.records[0].sequence}"
        LOG.warning("Gave up %d records of %s: %s", len(discard.records), where, discard.condition)
        if self._destination is None:
            return
        send: Callable[[], object] | None = None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                send = send or self._sender(self._destination, discard, shard_id)
                send()
            except Exception as error:
                LOG.warning("On-failure destination of %s: %s", where, error)
                if attempt < ATTEMPTS:
                    what = f"a record of what {settings.title} gave up, to be sent again"
                    IN_FLIGHT.pause(HOP, settings.function_name, what, wait_s(attempt))
            else:
                return
        LOG.error("The invocation record of %s was dropped: %s", where, self._destination)

    def _sender(self, arn: str, discard: Discard, shard_id: str) -> Callable[[], object]:
        settings = self._settings
        origin = Origin(settings.function_arn, settings.stream_arn, shard_id)
        now = CLOCK.now()
        request_id = str(uuid.uuid4())
        service = arn.split(":")[2]
        client = _client(arn, service, settings)
        if service == "s3":
            body = as_json(s3_record(discard, origin, request_id, now))
            key = s3_key(settings.uuid, shard_id, now, str(uuid.uuid4()))
            return lambda: client.put_object(Bucket=arn.rpartition(":")[2], Key=key, Body=body.encode())
        text = as_json(invocation_record(discard, origin, request_id, now))
        if service == "sns":
            return lambda: client.publish(TopicArn=arn, Message=text)
        return lambda: client.send_message(QueueUrl=_queue_url(client, arn), MessageBody=text)


def _client(arn: str, service: str, settings: MappingSettings) -> Any:
    """A client in the account and region of the destination; those of a bucket are the mapping's."""
    _, _, _, region, account, _ = arn.split(":", 5)
    return internal_client(service, account or settings.function_arn.split(":")[4], region or settings.region)


def _queue_url(client: Any, arn: str) -> str:
    *_, account, name = arn.split(":")
    return str(client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"])
