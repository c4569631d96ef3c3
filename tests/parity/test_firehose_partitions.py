"""Dynamic partitioning: keys from queries and functions, delimiters, limits, and what has no partition."""

import base64
import json
import re
from typing import Any

import pytest

from tests.parity.firehose_setup import ACCOUNT, ROLE, Hose, until
from tests.parity.lambda_kit import Deploy
from tests.parity.test_firehose import UUID, refusal
from tests.parity.test_firehose import hose as hose

pytestmark = pytest.mark.stack

HINTS = {"SizeInMBs": 64, "IntervalInSeconds": 900}
ERRORS = "errors/!{firehose:error-output-type}/"
RETRY_S = 60
WITH_KEYS = """
import base64, json

def handler(event, context):
    def one(record):
        document = json.loads(base64.b64decode(record["data"]))
        keys = {"partitionKeys": document.get("keys")}
        return {"recordId": record["recordId"], "result": "Ok", "data": record["data"], "metadata": keys}
    return {"records": [one(record) for record in event["records"]]}
"""


def processor(kind: str, **parameters: str) -> dict[str, Any]:
    listed = [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()]
    return {"Type": kind, "Parameters": listed}


def query(program: str) -> dict[str, Any]:
    return processor("MetadataExtraction", MetadataExtractionQuery=program, JsonParsingEngine="JQ-1.6")


def config(prefix: str, *processors: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {
        "Prefix": prefix,
        "ErrorOutputPrefix": ERRORS,
        "BufferingHints": HINTS,
        "DynamicPartitioningConfiguration": {"Enabled": True, "RetryOptions": {"DurationInSeconds": RETRY_S}},
        "ProcessingConfiguration": {"Enabled": True, "Processors": list(processors)},
        **rest,
    }


def documents(*values: object) -> list[bytes]:
    return [json.dumps(value).encode() for value in values]


def test_each_partition_becomes_an_object_under_its_own_prefix(hose: Hose) -> None:
    prefix = "customer=!{partitionKeyFromQuery:c}/year=!{partitionKeyFromQuery:y}/"
    hose.create(**config(prefix, query('{c: .customer, y: (.at | strftime("%Y"))}')))
    first = {"customer": "é a/b", "at": 1565382027}
    hose.put(*documents(first, {"customer": 7, "at": 0}, first))
    by_prefix = {item.key.rsplit("/", 1)[0]: item for item in hose.settled()}
    assert {key: item.body for key, item in by_prefix.items()} == {
        "customer=é a/b/year=2019": documents(first)[0] * 2,
        "customer=7/year=1970": documents({"customer": 7, "at": 0})[0],
    }
    name = by_prefix["customer=7/year=1970"].key.rsplit("/", 1)[1]
    assert re.fullmatch(rf"{hose.name}-1-\d{{4}}(-\d\d){{5}}-{UUID}", name)


def test_keys_of_a_function_and_of_a_query_share_a_prefix(hose: Hose, deploy: Deploy) -> None:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{deploy(WITH_KEYS)}"
    prefix = "!{partitionKeyFromLambda:tenant}/!{timestamp:yyyy}/!{partitionKeyFromQuery:kind}/"
    hose.create(**config(prefix, processor("Lambda", LambdaArn=arn), query("{kind: .kind}")))
    good = {"kind": "click", "keys": {"tenant": "alpha"}}
    bad = [{"kind": "click", "keys": keys} for keys in ({}, {"tenant": ""}, {"tenant": ["a"]}, None, "text")]
    hose.put(*documents(good, *bad))
    failed, landed = sorted(hose.settled(), key=lambda item: item.key.startswith("alpha/"))
    assert re.fullmatch(rf"alpha/\d{{4}}/click/{hose.name}-1-[^/]*", landed.key)
    assert landed.body == documents(good)[0]
    lines = [json.loads(line) for line in failed.body.splitlines()]
    assert [base64.b64decode(line["rawData"]) for line in lines] == documents(*bad)


def test_records_are_taken_apart_partitioned_and_ended_with_a_delimiter(hose: Hose) -> None:
    hose.create(
        **config(
            "!{partitionKeyFromQuery:k}/",
            query("{k: .k}"),
            processor("RecordDeAggregation", SubRecordType="JSON"),
            processor("AppendDelimiterToRecord", Delimiter="\\n"),
        )
    )
    hose.put(b'{"k":"a","n":1}{"k":"b"}\n{"k":"a","n":2}')
    assert {item.key[0]: item.body for item in hose.settled()} == {
        "a": b'{"k":"a","n":1}\n{"k":"a","n":2}\n',
        "b": b'{"k":"b"}\n',
    }


def test_what_has_no_partition_ends_under_the_error_prefix_in_the_format_of_aws(hose: Hose) -> None:
    hose.create(**config("!{partitionKeyFromQuery:k}/", query("{k: .k}")))
    bad = [b"not json", b'{"k":1}{"k":2}', b'{"k":null}', b'{"k":""}', b"[1]", b'{"k":"' + b"x" * 600 + b'"}']
    hose.put(b'{"k":"a"}', *bad)
    landed, failed = hose.settled()
    assert landed.body == b'{"k":"a"}'
    assert failed.key.startswith("errors/metadata-extraction-failed/")
    lines = [json.loads(line) for line in failed.body.splitlines()]
    assert [base64.b64decode(line["rawData"]) for line in lines] == bad
    assert {line["errorCode"] for line in lines} == {"DynamicPartitioning.MetadataExtractionFailed"}
    assert [line["errorMessage"] for line in lines[:3]] == [
        "Non JSON record provided",
        "Non JSON record provided",
        "partitionKeys values must not be null or empty",
    ]
    fields = ["attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage", "attemptEndingTimestamp", "rawData"]
    assert list(lines[0]) == fields


def test_a_partition_that_s3_does_not_take_in_time_ends_under_the_error_prefix(hose: Hose) -> None:
    hose.create(**config("!{partitionKeyFromQuery:k}/", query("{k: .k}")))
    with hose.stack.faults.fail("firehose.delivery", match={"delivery_stream": hose.name, "key": "bad/*"}):
        hose.put(*documents({"k": "bad"}, {"k": "good"}))

        def is_set_aside() -> bool:
            hose.stack.control.advance_clock(RETRY_S)
            return len(hose.objects()) == 2

        hose.stack.control.advance_clock(901)
        until(is_set_aside)
    failed, landed = hose.settled()
    assert landed.key.startswith("good/")
    assert failed.key.startswith("errors/processing-failed/")
    assert json.loads(failed.body)["rawData"] == base64.b64encode(documents({"k": "bad"})[0]).decode()


def test_keys_can_be_changed_but_partitioning_neither_begun_nor_ended(hose: Hose) -> None:
    hose.create(**config("!{partitionKeyFromQuery:k}/", query("{k: .k}")))

    def change(version: int, **fields: Any) -> dict[str, Any]:
        return {
            "DeliveryStreamName": hose.name,
            "CurrentDeliveryStreamVersionId": str(version),
            "DestinationId": "destinationId-000000000001",
            "ExtendedS3DestinationUpdate": fields,
        }

    processing = {"Enabled": True, "Processors": [query("{other: .o}")]}
    hose.firehose.update_destination(
        **change(1, Prefix="!{partitionKeyFromQuery:other}/", ProcessingConfiguration=processing)
    )
    hose.put(b'{"o":"x"}')
    assert [item.key[:2] for item in hose.settled()] == ["x/"]
    off = change(2, DynamicPartitioningConfiguration={"Enabled": False}, Prefix="p/")
    code, text = refusal(hose.firehose.update_destination, **off)
    assert (code, "cannot be disabled" in text) == ("InvalidArgumentException", True)
    told = hose.describe()["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert told["DynamicPartitioningConfiguration"] == {"Enabled": True, "RetryOptions": {"DurationInSeconds": RETRY_S}}
    assert told["ProcessingConfiguration"] == processing
    assert hose.describe()["VersionId"] == "2"


@pytest.mark.parametrize(
    ("prefix", "processors", "rest", "text"),
    [
        ("p/", [query("{k: .k}")], {}, "S3 Prefix should contain Dynamic Partitioning namespaces"),
        ("!{partitionKeyFromQuery:k}/", [], {}, "Processing Configuration is not enabled"),
        (
            "!{partitionKeyFromQuery:k}/",
            [processor("Lambda", LambdaArn=f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f")],
            {},
            "MetadataExtraction processor should be present",
        ),
        ("!{partitionKeyFromLambda:k}/", [query("{k: .k}")], {}, "Lambda should be present"),
        (
            "!{partitionKeyFromQuery:k}/",
            [query("{k: .k}")],
            {"BufferingHints": {"SizeInMBs": 63, "IntervalInSeconds": 60}},
            "BufferingHints.SizeInMBs must be at least 64",
        ),
        (
            "!{partitionKeyFromQuery:k}/",
            [query("{k: .k}")],
            {"BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 59}},
            "BufferingHints.IntervalInSeconds must be at least 60 seconds",
        ),
        ("!{partitionKeyFromQuery:k}/", [query("{k: ")], {}, "not a valid jq program"),
        ("!{partitionKeyFromQuery:}/", [query("{k: .k}")], {}, "must name a partition key"),
        (
            "!{partitionKeyFromQuery:k}/",
            [processor("MetadataExtraction", MetadataExtractionQuery="{k: .k}")],
            {},
            "JsonParsingEngine=JQ-1.6",
        ),
        ("!{partitionKeyFromQuery:k}/", [query("{k: .k}")], {"ErrorOutputPrefix": ""}, "ErrorOutputPrefix"),
        (
            "!{partitionKeyFromQuery:k}/",
            [query("{k: .k}")],
            {"ErrorOutputPrefix": f"{ERRORS}!{{partitionKeyFromQuery:k}}/"},
            "ErrorOutputPrefix cannot contain",
        ),
        (
            "!{partitionKeyFromQuery:k}/",
            [query("{k: .k}")],
            {"DynamicPartitioningConfiguration": {"Enabled": False}},
            "when Dynamic Partitioning is enabled",
        ),
    ],
)
def test_a_bad_partitioning_is_refused(
    hose: Hose, prefix: str, processors: list[dict[str, Any]], rest: dict[str, Any], text: str
) -> None:
    code, message = refusal(hose.create, **config(prefix, *processors, **rest))
    assert code == "InvalidArgumentException"
    assert text in message


def test_partitioning_is_for_s3_alone(hose: Hose) -> None:
    code, text = refusal(
        hose.firehose.create_delivery_stream,
        DeliveryStreamName=hose.name,
        HttpEndpointDestinationConfiguration={
            "EndpointConfiguration": {"Url": "http://localhost/"},
            "ProcessingConfiguration": {"Enabled": True, "Processors": [query("{k: .k}")]},
            "S3Configuration": {"RoleARN": ROLE, "BucketARN": f"arn:aws:s3:::{hose.name}"},
        },
    )
    assert code == "InvalidArgumentException"
    assert "only supported for Amazon S3" in text
