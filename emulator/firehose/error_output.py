"""Records that could not be processed or delivered, as the error output of a delivery stream tells of them. Pure.

Source: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

from emulator.firehose.buffer import Entry


@dataclass(frozen=True)
class Failure:
    """One record that goes to the error prefix, why, after how many attempts, and when the last of them ended."""

    entry: Entry
    code: str
    message: str
    attempts: int
    ended_at: float
    function_arn: str = ""

    def line(self) -> bytes:
        """The record's line in the object of failed records: JSON and a newline."""
        told: dict[str, Any] = {
            "attemptsMade": self.attempts,
            "arrivalTimestamp": int(self.entry.arrival * 1000),
            "errorCode": self.code,
            "errorMessage": self.message,
            "attemptEndingTimestamp": int(self.ended_at * 1000),
            "rawData": base64.b64encode(self.entry.data).decode(),
        }
        if self.function_arn:
            told["lambdaArn"] = self.function_arn
        return json.dumps(told).encode() + b"\n"
