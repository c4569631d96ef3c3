"""The line of a failed record, by the examples of the developer guide."""

import json

from wavetank.emulator.firehose.core.buffer import Entry, Origin
from wavetank.emulator.firehose.core.error_output import Failure
from wavetank.emulator.firehose.core.keys import ErrorOutput

FROM_STREAM = Entry(b"sample raw data", 1594265943.615, Origin("shardId-000000000000", "4711", "key", 2))


def test_a_record_that_could_not_be_transformed_is_told_with_its_function() -> None:
    failure = Failure(FROM_STREAM, "Lambda.FunctionError", "no", 4, 1594266081.318, function_arn="arn")
    assert json.loads(failure.line()) == {
        "attemptsMade": 4,
        "arrivalTimestamp": 1594265943615,
        "errorCode": "Lambda.FunctionError",
        "errorMessage": "no",
        "attemptEndingTimestamp": 1594266081318,
        "rawData": "c2FtcGxlIHJhdyBkYXRh",
        "lambdaArn": "arn",
    }
    assert failure.line().endswith(b"}\n")


def test_a_record_that_an_endpoint_did_not_take_is_told_with_its_sequence_and_as_it_was_sent() -> None:
    failed = ErrorOutput.HTTP_ENDPOINT_FAILED
    failure = Failure(FROM_STREAM, "HttpEndpoint.DestinationException", "no", 5, 1594266081.318, failed, data=b"sent")
    line = json.loads(failure.line())
    assert (line["subsequenceNumber"], line["dataId"], line["rawData"]) == (2, "4711.2", "c2VudA==")
    assert "lambdaArn" not in line
