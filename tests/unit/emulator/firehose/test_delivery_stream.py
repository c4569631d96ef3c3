"""Suites written for LocalStack cap the interval, and what they ask for is let through unless it is forbidden."""

import base64
from collections.abc import Sequence
from typing import Any

import pytest

from wavetank.emulator.firehose.core.buffer import Entry
from wavetank.emulator.firehose.core.processing import process
from wavetank.emulator.firehose.core.settings import ConfigurationError, Processing, Transformation, destination_of
from wavetank.emulator.firehose.delivery_stream import is_lenient, longest_interval_s

QUERY = [
    {"ParameterName": "MetadataExtractionQuery", "ParameterValue": "{a: .a}"},
    {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"},
]
CONFIG = {
    "BucketARN": "arn:aws:s3:::bucket",
    "Prefix": "!{partitionKeyFromQuery:a}/!{partitionKeyFromLambda:b}/",
    "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
    "DynamicPartitioningConfiguration": {"Enabled": True},
    "ProcessingConfiguration": {"Enabled": True, "Processors": [{"Type": "MetadataExtraction", "Parameters": QUERY}]},
    "DataFormatConversionConfiguration": {"Enabled": True},
}


@pytest.mark.parametrize(
    ("interval", "lenient", "is_so"),
    [(None, None, False), ("1", None, True), ("1", "0", False), (None, "1", True), ("1", "1", True)],
)
def test_a_capped_interval_brings_leniency_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, interval: str | None, lenient: str | None, is_so: bool
) -> None:
    for name, value in (("WAVETANK_FIREHOSE_MAX_INTERVAL_S", interval), ("WAVETANK_FIREHOSE_LENIENT", lenient)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert is_lenient() is is_so
    assert longest_interval_s() == (None if interval is None else 1.0)


def test_what_aws_refuses_is_let_through_for_such_a_suite_alone() -> None:
    with pytest.raises(ConfigurationError, match="Glue"):
        destination_of(CONFIG)
    with pytest.raises(ConfigurationError, match="Lambda should be present"):
        destination_of(CONFIG | {"DataFormatConversionConfiguration": None})
    assert destination_of(CONFIG, lenient=True).partitioning is not None


def test_a_conversion_with_a_schema_is_refused_for_everybody() -> None:
    conversion = {"Enabled": True, "SchemaConfiguration": {"DatabaseName": "d"}}
    with pytest.raises(ConfigurationError, match="Glue"):
        destination_of(CONFIG | {"DataFormatConversionConfiguration": conversion}, lenient=True)


@pytest.mark.parametrize("lenient", [False, True])
def test_records_that_come_back_as_they_went_count_as_ok_for_such_a_suite_alone(lenient: bool) -> None:
    seen: list[dict[str, Any]] = []

    def echo(_arn: str, records: Sequence[dict[str, Any]]) -> Any:
        seen.extend(records)
        return {"records": list(records)}

    processing = Processing(transformation=Transformation("arn", lenient=lenient))
    processed = process([Entry(b"a", 1.0)], processing, echo, lambda: 2.0)
    assert [part.data for part in processed.parts] == ([base64.b64decode("YQ==")] if lenient else [])
    assert ("kinesisRecordMetadata" in seen[0]) is lenient
