"""Records that could not be processed or delivered, as the error output of a delivery stream tells of them. Pure.

Sources: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html and retry.html of the
same guide (HTTP endpoint destination).
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

from wavetank.emulator.firehose.core.buffer import Entry
from wavetank.emulator.firehose.core.keys import ErrorOutput


@dataclass(frozen=True)
class Failure:
    """One record that goes to the error prefix, why, after how many attempts, and when the last of them ended.

    `data` is what would have been delivered, where the record got so far; else the record as it came in is told.
    """

    entry: Entry
    code: str
    message: str
    attempts: int
    ended_at: float
    output: ErrorOutput = ErrorOutput.PROCESSING_FAILED
    function_arn: str = ""
    data: bytes | None = None

    def line(self) -> bytes:
        """The record's line in the object of failed records: JSON and a newline."""
        told: dict[str, Any] = {
            "attemptsMade": self.attempts,
            "arrivalTimestamp": int(self.entry.arrival * 1000),
            "errorCode": self.code,
            "errorMessage": self.message,
            "attemptEndingTimestamp": int(self.ended_at * 1000),
            "rawData": base64.b64encode(self.entry.data if self.data is None else self.data).decode(),
        }
        if self.function_arn:
            told["lambdaArn"] = self.function_arn
        if self.output is ErrorOutput.HTTP_ENDPOINT_FAILED:
            told |= self._identity()
        return json.dumps(told).encode() + b"\n"

    def _identity(self) -> dict[str, Any]:
        origin = self.entry.origin
        if origin is None:
            return {"subsequenceNumber": 0, "dataId": ""}
        return {"subsequenceNumber": origin.subsequence, "dataId": f"{origin.sequence}.{origin.subsequence}"}
