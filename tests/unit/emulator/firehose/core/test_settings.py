"""A destination's configuration: defaults, AWS's rules, and what this emulator refuses by name."""

import base64
from typing import Any

import pytest

from wavetank.emulator.firehose.core.buffer import MIB, Hints
from wavetank.emulator.firehose.core.compression import Compression
from wavetank.emulator.firehose.core.settings import ConfigurationError, SubRecords, Transformation, destination_of

BUCKET = "arn:aws:s3:::the-bucket"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"


def config(**rest: Any) -> dict[str, Any]:
    return {"RoleARN": "arn:aws:iam::000000000000:role/r", "BucketARN": BUCKET, **rest}


def processors(*processors: dict[str, Any]) -> dict[str, Any]:
    return config(ProcessingConfiguration={"Enabled": True, "Processors": list(processors)})


def processor(kind: str, **parameters: str) -> dict[str, Any]:
    listed = [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()]
    return {"Type": kind, "Parameters": listed}


def test_the_defaults_are_those_of_aws() -> None:
    destination = destination_of(config())
    assert destination.hints == Hints(5 * MIB, 300)
    assert destination.target.bucket == "the-bucket"
    assert destination.target.compression is Compression.UNCOMPRESSED
    assert destination.backup is None


def test_hints_are_mebibytes_and_seconds() -> None:
    destination = destination_of(config(BufferingHints={"SizeInMBs": 2, "IntervalInSeconds": 0}))
    assert destination.hints == Hints(2 * MIB, 0)


def test_compression_sets_the_extension_unless_one_is_given() -> None:
    assert destination_of(config(CompressionFormat="GZIP")).target.layout.extension == ".gz"
    destination = destination_of(config(CompressionFormat="GZIP", FileExtension=".json.gz"))
    assert destination.target.layout.extension == ".json.gz"


def test_processors_are_read_in_any_order() -> None:
    processing = destination_of(
        processors(
            processor("AppendDelimiterToRecord", Delimiter="\\n"),
            processor("Lambda", LambdaArn=FUNCTION, NumberOfRetries="1", BufferSizeInMBs="0.5"),
            processor("RecordDeAggregation", SubRecordType="DELIMITED", Delimiter=base64.b64encode(b"#").decode()),
        )
    ).processing
    assert processing.append == b"\n"
    assert processing.transformation == Transformation(FUNCTION, 1, MIB // 2)
    assert (processing.split, processing.split_delimiter) == (SubRecords.DELIMITED, b"#")


def test_processors_that_are_not_enabled_do_nothing() -> None:
    off = {"Enabled": False, "Processors": [processor("Lambda")]}
    destination = destination_of(config(ProcessingConfiguration=off))
    assert destination.processing.transformation is None


def test_a_backup_gets_a_target_of_its_own() -> None:
    backup = config(Prefix="raw/", CompressionFormat="ZIP")
    destination = destination_of(config(S3BackupMode="Enabled", S3BackupConfiguration=backup))
    assert destination.backup is not None
    assert (destination.backup.layout.prefix, destination.backup.compression) == ("raw/", Compression.ZIP)


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (config(BufferingHints={"SizeInMBs": 5}), "both SizeInMBs and IntervalInSeconds"),
        (config(Prefix="!{timestamp:yyyy}/"), "Ths supplied prefix.* ErrorOutputPrefix cannot be null"),
        (config(CustomTimeZone="Mars/Olympus"), "Mars/Olympus"),
        (config(S3BackupMode="Enabled"), "S3BackupConfiguration must be specified"),
        (config(DataFormatConversionConfiguration={"Enabled": True}), "DataFormatConversionConfiguration.*Glue"),
        (config(DataFormatConversionConfiguration={"SchemaConfiguration": {}, "InputFormatConfiguration": {}}), "Glue"),
        (processors(processor("Lambda")), "LambdaArn"),
        (processors(processor("Lambda", LambdaArn=FUNCTION, NumberOfRetries="301")), "between 0 and 300"),
        (processors(processor("Lambda", LambdaArn=FUNCTION, NumberOfRetries="many")), "NumberOfRetries"),
        (processors(processor("Lambda", LambdaArn=FUNCTION, BufferSizeInMBs="4")), "between 0.2 and 3"),
        (processors(processor("Decompression")), "knows AppendDelimiterToRecord, Lambda"),
        (processors(processor("RecordDeAggregation")), "SubRecordType"),
        (processors(processor("RecordDeAggregation", SubRecordType="DELIMITED", Delimiter="?")), "base64"),
        (processors(processor("RecordDeAggregation", SubRecordType="DELIMITED")), "Delimiter"),
    ],
)
def test_a_bad_configuration_is_refused_with_its_reason(bad: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        destination_of(bad)
