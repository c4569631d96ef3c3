"""What the tests of event source mappings share: a stream, a function that notes what it gets, and a mapping."""

import contextlib
import io
import json
import textwrap
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wavetank.emulator.stack.stack import EmbeddedStack

ROLE = "arn:aws:iam::000000000000:role/event-source-test"

NOTING = """
import base64, fcntl, json, os, time

def note(**line):
    with open(os.environ["NOTES"], "a") as notes:
        fcntl.flock(notes, fcntl.LOCK_EX)
        notes.write(json.dumps(line) + "\\n")

def text(record):
    return base64.b64decode(record["kinesis"]["data"]).decode("utf-8", "backslashreplace")

def handler(event, context):
    got = [text(record) for record in event["Records"]]
    note(got=got, event=event if len(got) < 20 else None)
    return respond(event["Records"], got)
"""

FINE = "def respond(records, got): return None"
RAISES_ON_BAD = """
def respond(records, got):
    if "bad" in got:
        raise ValueError("a bad record")
"""
REPORTS_BAD = """
def respond(records, got):
    bad = [r["kinesis"]["sequenceNumber"] for r, data in zip(records, got) if data == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in reversed(bad)]}
"""


def answers(value: object) -> str:
    """A function that returns this, whatever it gets."""
    return f"def respond(records, got): return {value!r}"


@dataclass
class Fixture:
    """One stream, one function and the mappings between them, with names of their own."""

    stack: EmbeddedStack
    folder: Path
    shards: int = 1
    name: str = field(default_factory=lambda: f"esm-{uuid.uuid4().hex[:10]}")
    mappings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.notes = self.folder / f"{self.name}.jsonl"
        self.kinesis, self.functions = self.stack.client("kinesis"), self.stack.client("lambda")
        self.kinesis.create_stream(StreamName=self.name, ShardCount=self.shards)
        until(lambda: self._summary()["StreamStatus"] == "ACTIVE")

    def function(self, respond: str = FINE, **settings: Any) -> str:
        """Make the function; returns its ARN."""
        answer = self.functions.create_function(
            FunctionName=self.name,
            Runtime="python3.13",
            Handler="index.handler",
            Role=ROLE,
            Timeout=30,
            Code={"ZipFile": zipped(NOTING + textwrap.dedent(respond))},
            Environment={"Variables": {"NOTES": str(self.notes)}},
            **settings,
        )
        until(lambda: self._function_state() == "Active")
        return str(answer["FunctionArn"])

    def map(self, **settings: Any) -> dict[str, Any]:
        """Make a mapping that begins with the oldest record, unless told otherwise."""
        request = {"FunctionName": self.name, "EventSourceArn": self.stream_arn, "StartingPosition": "TRIM_HORIZON"}
        answer: dict[str, Any] = self.functions.create_event_source_mapping(**request | settings)
        self.mappings.append(answer["UUID"])
        return answer

    def put(self, *texts: str, key: str = "k") -> None:
        """Put records in this order, all with one key."""
        for text in texts:
            self.kinesis.put_record(StreamName=self.name, Data=text.encode(), PartitionKey=key)

    def got(self) -> list[list[str]]:
        """The data of each invocation so far, in order."""
        return [note["got"] for note in self.noted() if "got" in note]

    def noted(self) -> list[dict[str, Any]]:
        """All that the function noted."""
        if not self.notes.exists():
            return []
        return [json.loads(line) for line in self.notes.read_text().splitlines()]

    def state(self) -> str:
        """State of the last mapping."""
        return str(self.functions.get_event_source_mapping(UUID=self.mappings[-1])["State"])

    def remove(self) -> None:
        """Take everything away, so that no mapping is left to retry in the tests that follow."""
        gone = self.functions.exceptions.ResourceNotFoundException
        for mapping in self.mappings:
            with contextlib.suppress(gone):
                self.functions.delete_event_source_mapping(UUID=mapping)
        with contextlib.suppress(gone):
            self.functions.delete_function(FunctionName=self.name)
        self.kinesis.delete_stream(StreamName=self.name)

    @property
    def stream_arn(self) -> str:
        """ARN of the stream."""
        return str(self._summary()["StreamARN"])

    def shard_ids(self, is_open: bool = True) -> list[str]:
        """Ids of the open (or closed) shards, oldest first."""
        shards = self.kinesis.list_shards(StreamName=self.name)["Shards"]
        return [s["ShardId"] for s in shards if ("EndingSequenceNumber" not in s["SequenceNumberRange"]) == is_open]

    def split(self, shard_id: str) -> None:
        """Split a shard in the middle, and return when the stream is active again."""
        shards = {s["ShardId"]: s for s in self.kinesis.list_shards(StreamName=self.name)["Shards"]}
        hashes = shards[shard_id]["HashKeyRange"]
        middle = (int(hashes["StartingHashKey"]) + int(hashes["EndingHashKey"])) // 2
        self.kinesis.split_shard(StreamName=self.name, ShardToSplit=shard_id, NewStartingHashKey=str(middle))
        until(lambda: self._summary()["StreamStatus"] == "ACTIVE")

    def merge(self, shard_id: str, other: str) -> None:
        """Merge two neighbours, and return when the stream is active again."""
        self.kinesis.merge_shards(StreamName=self.name, ShardToMerge=shard_id, AdjacentShardToMerge=other)
        until(lambda: self._summary()["StreamStatus"] == "ACTIVE")

    def _function_state(self) -> str:
        return str(self.functions.get_function_configuration(FunctionName=self.name)["State"])

    def _summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = self.kinesis.describe_stream_summary(StreamName=self.name)
        return dict(summary["StreamDescriptionSummary"])


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Return once it holds; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def zipped(code: str) -> bytes:
    """A deployment package of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", code)
    return buffer.getvalue()
