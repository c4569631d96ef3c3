"""The poller of asynchronous Lambda invocations: attempts in their places, and dead letters.

The meaning of an attempt (retries, maximum age, destinations) stays LocalStack's; but a configuration that was put on
an alias counts for what was invoked through it, and every event that is given up becomes a dead letter.
Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
"""

import copy
import json
import logging
from typing import Any

from botocore.config import Config
from localstack.aws.connect import connect_to
from localstack.services.lambda_.invocation.event_manager import Poller
from localstack.utils.aws import arns

from wavetank.emulator.deliveries.lambda_async import QUEUES, Places
from wavetank.emulator.runtime.clock import Alarm
from wavetank.emulator.runtime.cloudwatch import Place
from wavetank.emulator.runtime.meter import METER, Series

LOG = logging.getLogger(__name__)
MAX_ERROR_MESSAGE = 1024
"""Bytes of the error message that a dead letter keeps."""


class TrackedPoller(Poller):
    """A function version's poller of its `DelayQueue`; an attempt is in flight until its retry or destination is."""

    def __init__(self, version_manager: Any, event_queue_url: str) -> None:
        super().__init__(version_manager, event_queue_url)
        function = version_manager.function_version.id
        # A throttle is handed on at once: how long to wait is for the queue to say, in emulator time.
        config = Config(retries={"max_attempts": 0})
        clients = connect_to(aws_access_key_id=function.account, region_name=function.region, config=config)
        self.lambda_client = clients.lambda_
        self._queue = QUEUES.open(event_queue_url)
        self._wake = Alarm()
        self._places = Places()

    def run(self, *_args: Any, **_kwargs: Any) -> None:
        """Hand attempts to the pool until stopped."""
        self._queue.listen(self._wake)
        try:
            while True:
                self._wake.clear()
                if self._shutdown_event.is_set():
                    return
                try:
                    for message in self._queue.take(self):
                        attempt = {"Body": message.body, "ReceiptHandle": message.handle}
                        self.invoker_pool.submit(self.handle_message, attempt)
                except RuntimeError:  # the pool was shut down meanwhile: what was not started goes back
                    return
                self._wake.wait(self._queue.until_next())
        finally:
            self._queue.unlisten(self._wake)
            self._queue.give_back(self)

    def stop(self) -> None:
        """Give what has not been begun back to the queue."""
        super().stop()
        self._queue.give_back(self)
        self._wake.set()

    def handle_message(self, message: dict[str, str]) -> None:
        """Make an attempt, unless the queue has taken it back."""
        handle = message["ReceiptHandle"]
        with self._places.one():
            if not self._queue.start(handle, self):
                return
            try:
                Poller.handle_message(_as_invoked(self, message["Body"]), message)
            finally:
                self._queue.remove(handle)

    def process_dead_letter_queue(self, sqs_invocation: Any, response_payload: Any) -> None:
        """Send an event that is given up, where the function has a dead-letter queue or topic."""
        config = self.version_manager.function_version.config
        answer = response_payload if isinstance(response_payload, dict) else {}
        try:
            if config.dead_letter_arn:
                error = str(answer.get("errorMessage") or "")
                _send_dead_letter(sqs_invocation.invocation, error, config.dead_letter_arn, config.role)
        except Exception:
            LOG.exception("a dead letter could not be sent to %s", config.dead_letter_arn)
            function = self.version_manager.function_version.id
            dimensions = (("FunctionName", function.function_name),)
            place = Place(function.account, function.region)
            METER.add([(Series(place, "AWS/Lambda", "DeadLetterErrors", dimensions), 1)])


def _as_invoked(poller: Any, body: str) -> Any:
    """The poller as it has to treat this attempt: by the configuration of the alias through which it was invoked."""
    manager = poller.version_manager
    parts = json.loads(body)["invoked_arn"].split(":")
    version = manager.function_version.id.qualifier
    qualifier = parts[7] if len(parts) > 7 else version
    if qualifier == version:
        return poller
    seen, function = copy.copy(poller), copy.copy(manager.function)
    function.event_invoke_configs = {version: function.event_invoke_configs.get(qualifier)}
    seen.version_manager = copy.copy(manager)
    seen.version_manager.function = function
    return seen


def _send_dead_letter(invocation: Any, error: str, target_arn: str, role_arn: str) -> None:
    """Send an event to an SQS queue or an SNS topic, with the attributes that AWS gives it.

    Raises ValueError for another target, and botocore's errors.
    """
    # An attribute may not be empty.
    message = error.encode()[:MAX_ERROR_MESSAGE].decode(errors="ignore") or "Unknown"
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": invocation.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": message},
    }
    clients: Any = connect_to.with_assumed_role(
        role_arn=role_arn, service_principal="lambda", region_name=arns.extract_region_from_arn(target_arn)
    )
    event = invocation.payload.decode()
    match arns.extract_service_from_arn(target_arn):
        case "sqs":
            url = arns.sqs_queue_url_for_arn(target_arn)
            clients.sqs.send_message(QueueUrl=url, MessageBody=event, MessageAttributes=attributes)
        case "sns":
            clients.sns.publish(TopicArn=target_arn, Message=event, MessageAttributes=attributes)
        case other:
            raise ValueError(f"a dead letter goes to SQS or SNS, not to {other}")
