"""What the tests of SQS event source mappings share: a queue, a function that notes what it gets, and a mapping."""

import contextlib
import json
import textwrap
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.parity.event_source_kit import ROLE, until, zipped
from wavetank.emulator.pending import Pending
from wavetank.emulator.stack.stack import EmbeddedStack

QUEUE, MAPPING = "sqs.mapping", "lambda.queue-source"
VISIBILITY_S = 30
SETTLE_S = 30.0
REPORT = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}

NOTING = """
import fcntl, json, os, pathlib, time

def note(**line):
    with open(os.environ["NOTES"], "a") as notes:
        fcntl.flock(notes, fcntl.LOCK_EX)
        notes.write(json.dumps(line) + "\\n")

def handler(event, context):
    got = [record["body"] for record in event["Records"]]
    note(got=got, event=event)
    return respond(event["Records"], got)
"""

FINE = "def respond(records, got): return None"
RAISES_ON_BAD = """
def respond(records, got):
    if "bad" in got:
        raise ValueError("a bad message")
"""
RAISES_AT_FIRST = """
def respond(records, got):
    if records[0]["attributes"]["ApproximateReceiveCount"] == "1":
        raise ValueError("not yet")
"""
REPORTS_BAD = """
def respond(records, got):
    bad = [record["messageId"] for record, body in zip(records, got) if body == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in bad]}
"""
GATED = """
def respond(records, got):
    gate = pathlib.Path(os.environ["NOTES"] + ".gate")
    while gate.exists(): time.sleep(0.005)
    note(ended=got)
"""


def answers(value: object) -> str:
    """A function that returns this, whatever it gets."""
    return f"def respond(records, got): return {value!r}"


@dataclass
class Fixture:
    """One queue with its dead-letter queue, one function and the mapping between them, with names of their own."""

    stack: EmbeddedStack
    folder: Path
    name: str = field(default_factory=lambda: f"sqs-{uuid.uuid4().hex[:10]}")
    suffix: str = ""
    mappings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.notes = self.folder / f"{self.name}.jsonl"
        self.gate = self.folder / f"{self.name}.jsonl.gate"
        self.sqs, self.functions = self.stack.client("sqs"), self.stack.client("lambda")
        fifo = {"FifoQueue": "true"} if self.suffix else {}
        self.dead_url = self._create(f"{self.name}-dead{self.suffix}", fifo)
        self.url = self._create(self.name + self.suffix, {"VisibilityTimeout": str(VISIBILITY_S), **fifo})

    def function(self, respond: str = FINE, **settings: Any) -> None:
        """Make the function."""
        request: dict[str, Any] = {
            "FunctionName": self.name,
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": ROLE,
            "Timeout": 10,
            "Code": {"ZipFile": zipped(NOTING + textwrap.dedent(respond))},
            "Environment": {"Variables": {"NOTES": str(self.notes)}},
        }
        self.functions.create_function(**request | settings)
        until(lambda: self.functions.get_function_configuration(FunctionName=self.name)["State"] == "Active")

    def map(self, **settings: Any) -> str:
        """Make a mapping; returns its UUID."""
        request = {"FunctionName": self.name, "EventSourceArn": self.arn}
        self.mappings.append(self.functions.create_event_source_mapping(**request | settings)["UUID"])
        return self.mappings[-1]

    def redrive(self, max_receive_count: int) -> None:
        """Let messages go to the dead-letter queue that were received more often."""
        policy = {"deadLetterTargetArn": self._arn(self.dead_url), "maxReceiveCount": max_receive_count}
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"RedrivePolicy": json.dumps(policy)})

    def send(self, *bodies: str, **settings: Any) -> None:
        """Send messages, all with one call; up to ten."""
        entries = [{"Id": str(n), "MessageBody": body, **settings} for n, body in enumerate(bodies)]
        assert "Failed" not in self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)

    def got(self) -> list[list[str]]:
        """The bodies of each invocation so far, in order."""
        return [note["got"] for note in self.noted() if "got" in note]

    def events(self) -> list[dict[str, Any]]:
        """The event of each invocation so far."""
        return [note["event"] for note in self.noted() if "event" in note]

    def noted(self) -> list[dict[str, Any]]:
        """All that the function noted."""
        if not self.notes.exists():
            return []
        return [json.loads(line) for line in self.notes.read_text().splitlines()]

    def pending(self) -> tuple[Pending, ...]:
        """What is in flight."""
        return self.stack.control.pending(0)

    def waiting(self) -> list[Pending]:
        """What is in flight, and waits for emulator time."""
        return [item for item in self.pending() if item.until is not None]

    def hidden(self) -> bool:
        """Whether nothing is with the function, and messages wait for their visibility timeout."""
        pending = self.pending()
        return any(item.hop == QUEUE and item.until is not None for item in pending) and all(
            item.hop != MAPPING for item in pending
        )

    def become_visible(self) -> None:
        """Wait until the messages that failed are hidden and nothing else happens, then let their time pass."""
        until(self.hidden)
        self.stack.control.advance_clock(VISIBILITY_S)

    def counts(self, url: str = "") -> tuple[int, int]:
        """How many messages are visible, and how many are hidden."""
        answer = self.sqs.get_queue_attributes(QueueUrl=url or self.url, AttributeNames=["All"])["Attributes"]
        hidden = int(answer["ApproximateNumberOfMessagesNotVisible"]) + int(
            answer["ApproximateNumberOfMessagesDelayed"]
        )
        return int(answer["ApproximateNumberOfMessages"]), hidden

    def dead(self) -> list[str]:
        """The bodies in the dead-letter queue."""
        answer = self.sqs.receive_message(QueueUrl=self.dead_url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return sorted(message["Body"] for message in answer.get("Messages", []))

    def remove(self) -> None:
        """Take everything away."""
        self.gate.unlink(missing_ok=True)
        gone = self.functions.exceptions.ResourceNotFoundException
        for mapping in self.mappings:
            with contextlib.suppress(gone):
                self.functions.delete_event_source_mapping(UUID=mapping)
        with contextlib.suppress(gone):
            self.functions.delete_function(FunctionName=self.name)
        for url in (self.url, self.dead_url):
            with contextlib.suppress(self.sqs.exceptions.QueueDoesNotExist):
                self.sqs.delete_queue(QueueUrl=url)

    @property
    def arn(self) -> str:
        """ARN of the queue."""
        return self._arn(self.url)

    def state(self) -> str:
        """State of the last mapping."""
        return str(self.functions.get_event_source_mapping(UUID=self.mappings[-1])["State"])

    def _create(self, name: str, attributes: dict[str, str]) -> str:
        return str(self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])

    def _arn(self, url: str) -> str:
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(answer["Attributes"]["QueueArn"])
