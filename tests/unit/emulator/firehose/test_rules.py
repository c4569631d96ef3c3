"""Requests against the constraints of the service's model, by AWS's texts."""

from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from wavetank.emulator.firehose.rules import message, violations

MODEL = ServiceModel(Loader().load_service_model("firehose", "service-2"))
BUCKET = "arn:aws:s3:::bucket"
ROLE = "arn:aws:iam::000000000000:role/firehose"


def broken(operation: str, request: dict[str, Any]) -> list[str]:
    shape = MODEL.operation_model(operation).input_shape
    assert shape is not None
    return violations(shape, request)


def creation(**s3: Any) -> dict[str, Any]:
    return {
        "DeliveryStreamName": "s",
        "ExtendedS3DestinationConfiguration": {"RoleARN": ROLE, "BucketARN": BUCKET, **s3},
    }


def test_a_sound_request_breaks_nothing() -> None:
    hints = {"SizeInMBs": 128, "IntervalInSeconds": 0}
    assert broken("CreateDeliveryStream", creation(BufferingHints=hints, CompressionFormat="GZIP", Prefix=None)) == []


@pytest.mark.parametrize(
    ("s3", "text"),
    [
        (
            {"BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 901}},
            "Value '901' at 'extendedS3DestinationConfiguration.bufferingHints.intervalInSeconds' failed to satisfy "
            "constraint: Member must have value less than or equal to 900",
        ),
        (
            {"BufferingHints": {"SizeInMBs": 0, "IntervalInSeconds": 60}},
            "Value '0' at 'extendedS3DestinationConfiguration.bufferingHints.sizeInMBs' failed to satisfy "
            "constraint: Member must have value greater than or equal to 1",
        ),
        (
            {"CompressionFormat": "LZO"},
            "Value 'LZO' at 'extendedS3DestinationConfiguration.compressionFormat' failed to satisfy constraint: "
            "Member must satisfy enum value set: [UNCOMPRESSED, GZIP, ZIP, Snappy, HADOOP_SNAPPY]",
        ),
        (
            {"BucketARN": None},
            "Value null at 'extendedS3DestinationConfiguration.bucketARN' failed to satisfy constraint: "
            "Member must not be null",
        ),
    ],
)
def test_a_broken_constraint_is_told_as_aws_does(s3: dict[str, Any], text: str) -> None:
    assert broken("CreateDeliveryStream", creation(**s3)) == [text]


def test_names_files_and_lists_are_checked_too() -> None:
    assert "pattern" in broken("DescribeDeliveryStream", {"DeliveryStreamName": "no spaces"})[0]
    assert "pattern" in broken("CreateDeliveryStream", creation(FileExtension="txt"))[0]
    too_many = {"DeliveryStreamName": "s", "Records": [{"Data": b""}] * 501}
    assert "length less than or equal to 500" in broken("PutRecordBatch", too_many)[0]
    too_large = {"DeliveryStreamName": "s", "Record": {"Data": b"x" * 1_024_001}}
    assert "less than or equal to 1024000" in broken("PutRecord", too_large)[0]


def test_several_are_counted() -> None:
    assert message(["one", "two"]) == "2 validation errors detected: one; two"
    assert message(["one"]) == "1 validation error detected: one"
