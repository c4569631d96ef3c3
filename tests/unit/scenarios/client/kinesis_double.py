"""A stream whose answers are scripted: what no real one can be made to give on demand."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError

Entries = list[dict[str, Any]]
Step = Callable[[Entries], dict[str, Any]]


def answer(codes: Sequence[str | None], retry_attempts: int = 0) -> dict[str, Any]:
    """A PutRecords reply: None acknowledges, a code refuses; botocore asked `retry_attempts` times before."""
    records = [
        {"ErrorCode": code, "ErrorMessage": code} if code else {"SequenceNumber": str(n), "ShardId": "shard-0"}
        for n, code in enumerate(codes)
    ]
    return {"Records": records, "ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": retry_attempts}}


def takes_all(entries: Entries) -> dict[str, Any]:
    """Acknowledge everything."""
    return answer([None] * len(entries))


def refuses(*positions: int, code: str = "ProvisionedThroughputExceededException", retry_attempts: int = 0) -> Step:
    """Refuse the records at `positions`, or all of them if none is named; acknowledge the rest."""

    def step(entries: Entries) -> dict[str, Any]:
        wanted = positions or range(len(entries))
        return answer([code if n in wanted else None for n in range(len(entries))], retry_attempts)

    return step


def raises(error: Exception) -> Step:
    """Give no answer."""

    def step(entries: Entries) -> dict[str, Any]:
        raise error

    return step


def client_error(code: str, status: int, retry_attempts: int = 0) -> ClientError:
    """What botocore raises for a request that was refused as a whole."""
    metadata: Any = {"HTTPStatusCode": status, "RetryAttempts": retry_attempts}
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": metadata}, "PutRecords")


class ScriptedKinesis:
    """Plays `steps` in turn, the last one for ever; `requests` are the (stream, entries) it was sent."""

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps) or [takes_all]
        self._lock = threading.Lock()
        self.requests: list[tuple[str, Entries]] = []

    def put_records(self, StreamName: str, Records: Entries) -> dict[str, Any]:  # noqa: N803
        """PutRecords."""
        with self._lock:
            self.requests.append((StreamName, Records))
            step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        return step(Records)

    @property
    def sizes(self) -> list[int]:
        """How many records each request had."""
        return [len(entries) for _, entries in self.requests]
