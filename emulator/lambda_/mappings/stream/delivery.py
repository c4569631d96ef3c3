"""Hands the batches of one mapping to its function and what is given up to its on-failure destination."""

import base64
import json
import logging
import uuid
from collections.abc import Callable, Sequence

from wavetank.emulator.faults.engine import FAULTS, Firing
from wavetank.emulator.faults.identity import content_identity
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.lambda_.mappings.batch_window import event_json
from wavetank.emulator.lambda_.mappings.filters import RecordFilter
from wavetank.emulator.lambda_.mappings.function_client import FunctionClient, acting_client
from wavetank.emulator.lambda_.mappings.stream.core.event import RawRecord, Record
from wavetank.emulator.lambda_.mappings.stream.core.failure_record import Origin, invocation_record, s3_key, s3_record
from wavetank.emulator.lambda_.mappings.stream.core.response import Answer, Outcome, Refused, Reply, Succeeded, judge
from wavetank.emulator.lambda_.mappings.stream.core.retry import Discard, wait_s
from wavetank.emulator.lambda_.mappings.stream.core.settings import MappingSettings
from wavetank.emulator.lambda_.mappings.stream.iterator_age import AGES
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.reset import RESET

LOG = logging.getLogger(__name__)

RESULT_OK = "OK"
RESULT_PROBLEM = "PROBLEM: Function call failed"

ON_FAILURE_HOP = "lambda.on-failure"
ATTEMPTS = 4
"""A record that could not be sent so often is dropped with an error in the log, as a misconfigured one would be."""


class FunctionDelivery:
    """The way from the shards of a mapping to its function; `tell` gets each LastProcessingResult."""

    def __init__(self, settings: MappingSettings, tell: Callable[[str], None]) -> None:
        self._settings = settings
        self._tell = tell
        self._function = FunctionClient(settings.function_arn)
        self._filter = RecordFilter(settings.filters)
        self._owed: dict[tuple[str, str], int] = {}
        AGES.start()

    def passes(self, raws: Sequence[RawRecord], shard_id: str) -> list[bool] | None:
        """Of each record, whether the filter criteria let it through; None when there are no criteria."""
        if self._filter.is_open:
            return None
        return [self._filter.lets_through(raw, shard_id) for raw in raws]

    def deliver(self, shard_id: str, records: tuple[Record, ...]) -> Outcome:
        """Invoke the function with a batch; after a success once more for every copy that a fault asks for."""
        if RESET.forgets(records[-1].arrived):
            return Succeeded(Reply(""))
        AGES.note(self._settings.function_arn, records[-1].arrived, CLOCK.now())
        try:
            firing = self._firing(shard_id, records) if FAULTS.armed(Point.ESM_BATCH) else None
            if firing is not None and firing.action is Action.DELAY:
                what = f"a batch of {self._settings.title} (held back {firing.seconds():g} s by a fault)"
                IN_FLIGHT.pause(Point.ESM_BATCH, self._settings.function_name, what, firing.seconds(), by_fault=True)
            outcome = self._invoke(records)
            if firing is not None and firing.action is Action.DUPLICATE:
                self._owed[shard_id, records[0].sequence] = int(firing.parameters["copies"])
            if isinstance(outcome, Succeeded) and self._owed:
                for _ in range(self._owed.pop((shard_id, records[0].sequence), 0)):
                    self._invoke(records)
        except Exception as error:
            LOG.exception("%s %s: delivery failed", self._settings.title, shard_id)
            outcome = Refused(f"{type(error).__name__}: {error}")
        self._tell(RESULT_OK if isinstance(outcome, Succeeded) else RESULT_PROBLEM)
        return outcome

    def give_up(self, shard_id: str, discard: Discard) -> None:
        """Report records that will not be delivered."""
        report(self._settings, discard, shard_id)

    def _invoke(self, records: tuple[Record, ...]) -> Outcome:
        answer = self._function.call(event_json(records))
        if not isinstance(answer, Answer):
            return answer
        return judge(answer.reply, answer.payload, records, self._settings.retry.reports_item_failures)

    def _firing(self, shard_id: str, records: tuple[Record, ...]) -> Firing | None:
        """The fault that strikes a batch; which batch it is, its first record says."""
        settings = self._settings
        data = [json.loads(record.json)["kinesis"] for record in records]
        first = base64.b64decode(data[0]["data"])
        content = "\n".join(base64.b64decode(item["data"]).decode("utf-8", "replace") for item in data)
        target = {
            "function": settings.function_name,
            "stream": settings.stream_name,
            "shard": shard_id,
            "content": content,
        }
        identity = f"{settings.stream_name}/{shard_id}/{data[0]['partitionKey']}/{content_identity(first)}"
        return FAULTS.fire(Point.ESM_BATCH, target, identity)


def report(settings: MappingSettings, discard: Discard, shard_id: str) -> None:
    """Send the invocation record of given-up records to the mapping's on-failure destination, if it has one.

    Returns when the invocation record is stored, or cannot be; raises nothing.
    """
    where = f"{settings.title} {shard_id} {discard.records[0].sequence}"
    LOG.warning("Gave up %d records of %s: %s", len(discard.records), where, discard.condition)
    if settings.on_failure is None:
        return
    send: Callable[[], object] | None = None
    for attempt in range(1, ATTEMPTS + 1):
        try:
            send = send or _sender(settings, settings.on_failure, discard, shard_id)
            send()
        except Exception as error:
            LOG.warning("On-failure destination of %s: %s", where, error)
            if attempt < ATTEMPTS:
                what = f"a record of what {settings.title} gave up, to be sent again"
                IN_FLIGHT.pause(ON_FAILURE_HOP, settings.function_name, what, wait_s(attempt))
        else:
            return
    LOG.error("The invocation record of %s was dropped: %s", where, settings.on_failure)


def _sender(settings: MappingSettings, arn: str, discard: Discard, shard_id: str) -> Callable[[], object]:
    """A call that sends the invocation record to a queue, a topic or a bucket: the same record each time."""
    _, _, service, region, account, name = arn.split(":", 5)
    # The ARN of a bucket has neither account nor region: then it is the mapping's.
    account, region = account or settings.function_arn.split(":")[4], region or settings.region
    client = acting_client(service, settings.role_arn, settings.function_arn, account=account, region=region)
    origin = Origin(settings.function_arn, settings.stream_arn, shard_id)
    now, request_id = CLOCK.now(), str(uuid.uuid4())
    if service == "s3":
        body = json.dumps(s3_record(discard, origin, request_id, now)).encode()
        key = s3_key(settings.uuid, shard_id, now, str(uuid.uuid4()))
        return lambda: client.put_object(Bucket=name, Key=key, Body=body)
    text = json.dumps(invocation_record(discard, origin, request_id, now))
    if service == "sns":
        return lambda: client.publish(TopicArn=arn, Message=text)

    def send() -> object:
        url = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        return client.send_message(QueueUrl=url, MessageBody=text)

    return send
