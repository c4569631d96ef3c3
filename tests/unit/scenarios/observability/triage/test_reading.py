"""Errors in logs are counted by what failed: a call of a service, or the function itself."""

import json

import pytest

from wavetank.scenarios.observability.log_lines import LineParser, LogLine
from wavetank.scenarios.observability.triage.model import Dependency, Failure
from wavetank.scenarios.observability.triage.reading import failures_in

CALL = "An error occurred ({}) when calling the {} operation (reached max retries: 4): Please reduce"


def line(text: str) -> LogLine:
    return LineParser("f").parse({"timestamp": 1, "message": text})


@pytest.mark.parametrize(
    ("text", "code", "operation", "dependency"),
    [
        ("[ERROR] ClientError: " + CALL.format("SlowDown", "PutObject"), "SlowDown", "PutObject", Dependency.S3),
        (CALL.format("InternalFailure", "PutRecords"), "InternalFailure", "PutRecords", Dependency.KINESIS),
        (CALL.format("InternalError", "Publish"), "InternalError", "Publish", Dependency.SNS),
        (CALL.format("Throttled", "SendMessageBatch"), "Throttled", "SendMessageBatch", Dependency.SQS),
        (CALL.format("AccessDenied", "GetSecretValue"), "AccessDenied", "GetSecretValue", None),
        ("[ERROR] ReadTimeoutError: no answer", "ReadTimeoutError", "a call", None),
        (json.dumps({"errorType": "KeyError", "errorMessage": "'a'"}), "KeyError", "", None),
        ("[ERROR] x\nTraceback\n  raise ValueError(1)\npkg.errors.RetryFault: gone", "pkg.errors.RetryFault", "", None),
        ("2026 x Task timed out after 3.00 seconds", "a time-out", "", None),
        ("[ERROR]\tno name", "an error", "", None),
    ],
)
def test_an_error_is_of_a_service_or_of_the_function(
    text: str, code: str, operation: str, dependency: Dependency | None
) -> None:
    [failure] = failures_in([line(text)])
    assert (failure.function, failure.code) == ("f", code)
    assert (failure.operation, failure.dependency) == (operation, dependency)


def test_equal_errors_are_one_and_the_most_frequent_is_first() -> None:
    texts = ["[ERROR] KeyError: 1", *["[ERROR] ValueError: 2"] * 3]
    counted: list[Failure] = failures_in(map(line, texts))
    assert [(failure.code, failure.times) for failure in counted] == [("ValueError", 3), ("KeyError", 1)]
