"""Firehose over the API of a running stack: configuration, direct puts, delivery to S3."""

import base64
import gzip
import io
import json
import re
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.parity.firehose_setup import ACCOUNT, ROLE, SETTLE_S, Hose, until
from tests.parity.lambda_kit import Deploy
from wavetank.emulator.errors import NotSettled
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TRANSFORM = """
import base64

def handler(event, context):
    def one(record):
        data = base64.b64decode(record["data"])
        if data == b"drop":
            return {"recordId": record["recordId"], "result": "Dropped"}
        if data == b"bad":
            return {"recordId": record["recordId"], "result": "ProcessingFailed"}
        data = base64.b64encode(data.upper()).decode()
        return {"recordId": record["recordId"], "result": "Ok", "data": data}
    return {"records": [one(record) for record in event["records"]]}
"""


@pytest.fixture
def hose(stack: EmbeddedStack) -> Iterator[Hose]:
    hose = Hose.new(stack)
    yield hose
    if hose.name in hose.firehose.list_delivery_streams(Limit=10000)["DeliveryStreamNames"]:
        hose.firehose.delete_delivery_stream(DeliveryStreamName=hose.name)


def refusal(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_what_is_put_lands_verbatim_under_aws_key(hose: Hose) -> None:
    hose.create()
    hose.firehose.put_record(DeliveryStreamName=hose.name, Record={"Data": b"one\n"})
    hose.put(b"\x00\xff", b"", b"two")
    (landed,) = hose.settled()
    assert landed.body == b"one\n\x00\xfftwo"
    name = rf"{hose.name}-1-\d{{4}}(-\d\d){{5}}-{UUID}"
    assert re.fullmatch(rf"p/\d{{4}}/\d\d/\d\d/\d\d/{name}", landed.key)


def test_a_buffer_is_kept_for_its_interval_of_emulator_time(hose: Hose) -> None:
    hose.create()
    hose.put(b"a")
    hose.stack.control.advance_clock(890)
    hose.put(b"b")
    assert hose.objects() == []
    hose.stack.control.advance_clock(10)
    until(lambda: [item.body for item in hose.objects()] == [b"ab"])


def test_a_buffer_is_delivered_when_it_is_full(hose: Hose) -> None:
    hose.create(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900})
    hose.put(b"x" * 600_000)
    hose.put(b"y" * 600_000)
    until(lambda: [len(item.body) for item in hose.objects()] == [1_200_000])


def test_prefix_expressions_compression_and_extension(hose: Hose) -> None:
    hose.create(
        Prefix="year=!{timestamp:yyyy}/",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
        CompressionFormat="GZIP",
        FileExtension=".json.gz",
    )
    hose.put(b"packed")
    (landed,) = hose.settled()
    assert re.fullmatch(rf"year=\d{{4}}/{hose.name}-1-[^/]*\.json\.gz", landed.key)
    assert gzip.decompress(landed.body) == b"packed"


def test_records_pass_through_a_function_and_what_fails_is_set_aside(hose: Hose) -> None:
    arn = _function(hose)
    parameters = [{"ParameterName": "LambdaArn", "ParameterValue": arn}]
    processing = {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": parameters}]}
    hose.create(ProcessingConfiguration=processing, ErrorOutputPrefix="errors/")
    hose.put(b"one;", b"drop", b"bad", b"two;")
    by_prefix = {item.key.split("/")[0]: item for item in hose.settled()}
    assert by_prefix["p"].body == b"ONE;TWO;"
    failure = json.loads(by_prefix["errors"].body)
    assert by_prefix["errors"].key.startswith("errors/processing-failed/")
    assert base64.b64decode(failure["rawData"]) == b"bad"
    assert failure["lambdaArn"] == arn


def _function(hose: Hose) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("transform.py", TRANSFORM)
    functions = hose.stack.client("lambda")
    created = functions.create_function(
        FunctionName=hose.name,
        Runtime="python3.13",
        Role=ROLE,
        Handler="transform.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=hose.name)
    return str(created["FunctionArn"])


MISBEHAVING = """
import base64

def handler(event, context):
    records = event["records"]
    what = base64.b64decode(records[0]["data"])
    if what == b"raise":
        raise ValueError("no")
    if what == b"long":
        return {"records": [{**record, "result": "Ok", "data": "A" * 8_000_000} for record in records]}
    return {"records": [{"recordId": record["recordId"], "result": "Ok"} for record in records]}
"""


def test_however_a_function_fails_its_records_are_set_aside_under_the_code_of_aws(hose: Hose, deploy: Deploy) -> None:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{deploy(MISBEHAVING)}"
    codes = {
        "raise": "Lambda.FunctionError",
        "long": "Lambda.FunctionError",
        "no data": "Lambda.InvalidReturnFormat",
        "throttled": "Lambda.InvokeLimitExceeded",
        "late": "Lambda.FunctionTimedOut",
    }
    parameters = {"LambdaArn": arn, "NumberOfRetries": "0"}
    listed = [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()]
    hose.create(ProcessingConfiguration={"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": listed}]})
    faults, match = hose.stack.faults, {"function": arn.rsplit(":", 1)[1]}
    with (
        faults.throttle("lambda.invoke", match={**match, "content": "*dGhyb3R0bGVk*"}),
        faults.timeout("lambda.invoke", match={**match, "content": "*bGF0ZQ==*"}),
    ):
        for what in codes:
            hose.put(what.encode())
            hose.stack.settle(SETTLE_S)
    objects = hose.objects()
    lines = [json.loads(item.body) for item in objects]
    assert all(item.key.startswith("p/processing-failed/") for item in objects)
    assert {base64.b64decode(line["rawData"]).decode(): line["errorCode"] for line in lines} == codes
    hose.stack.client("lambda").delete_function(FunctionName=arn.rsplit(":", 1)[1])
    hose.put(b"gone")
    (gone,) = [item for item in hose.settled() if item.key not in {old.key for old in objects}]
    assert json.loads(gone.body)["errorCode"] == "Lambda.ResourceNotFound"


def test_a_missing_bucket_is_tried_again_until_it_is_there(hose: Hose) -> None:
    hose.stack.client("s3").delete_bucket(Bucket=hose.name)
    hose.create()
    hose.put(b"patient")
    with pytest.raises(NotSettled, match=r"NoSuchBucket"):
        hose.stack.settle(1.0)
    hose.create_bucket()
    hose.stack.control.advance_clock(30)
    assert [item.body for item in hose.settled()] == [b"patient"]


def test_an_update_changes_where_the_next_object_goes(hose: Hose) -> None:
    hose.create()
    update = {
        "DeliveryStreamName": hose.name,
        "DestinationId": "destinationId-000000000001",
        "ExtendedS3DestinationUpdate": {"Prefix": "other/"},
    }
    hose.firehose.update_destination(CurrentDeliveryStreamVersionId="1", **update)
    described = hose.describe()
    assert described["VersionId"] == "2"
    destination = described["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert (destination["Prefix"], destination["BufferingHints"]["IntervalInSeconds"]) == ("other/", 900)
    hose.put(b"a")
    (landed,) = hose.settled()
    assert landed.key.startswith("other/")
    assert f"{hose.name}-2-" in landed.key
    code, text = refusal(hose.firehose.update_destination, CurrentDeliveryStreamVersionId="1", **update)
    assert code == "ConcurrentModificationException"
    assert "current version id: 2 and specified version id: 1" in text
    update["ExtendedS3DestinationUpdate"] = {"ErrorOutputPrefix": "!{timestamp:yyyy}/"}
    code, _ = refusal(hose.firehose.update_destination, CurrentDeliveryStreamVersionId="2", **update)
    assert code == "InvalidArgumentException"
    assert hose.describe()["VersionId"] == "2"


def test_a_description_has_aws_defaults(hose: Hose) -> None:
    hose.firehose.create_delivery_stream(
        DeliveryStreamName=hose.name,
        S3DestinationConfiguration={"RoleARN": ROLE, "BucketARN": f"arn:aws:s3:::{hose.name}"},
    )
    described = hose.describe()
    assert described["DeliveryStreamARN"] == f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/{hose.name}"
    assert (described["DeliveryStreamStatus"], described["DeliveryStreamType"]) == ("ACTIVE", "DirectPut")
    (destination,) = described["Destinations"]
    assert "ExtendedS3DestinationDescription" not in destination
    assert destination["S3DestinationDescription"] == {
        "RoleARN": ROLE,
        "BucketARN": f"arn:aws:s3:::{hose.name}",
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
        "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": {"Enabled": False},
    }


def test_delivery_streams_are_listed_by_name_in_pages(hose: Hose) -> None:
    hose.create()
    before = hose.name[:-1]
    listed = hose.firehose.list_delivery_streams(ExclusiveStartDeliveryStreamName=before, Limit=1)
    assert listed["DeliveryStreamNames"] == [hose.name]
    listed = hose.firehose.list_delivery_streams(DeliveryStreamType="KinesisStreamAsSource", Limit=10000)
    assert hose.name not in listed["DeliveryStreamNames"]


def test_tags_are_set_listed_and_removed(hose: Hose) -> None:
    hose.create()
    tags = [{"Key": key, "Value": key.upper()} for key in ("b", "a", "c")]
    hose.firehose.tag_delivery_stream(DeliveryStreamName=hose.name, Tags=tags)
    hose.firehose.untag_delivery_stream(DeliveryStreamName=hose.name, TagKeys=["b"])
    page = hose.firehose.list_tags_for_delivery_stream(DeliveryStreamName=hose.name, Limit=1)
    assert (page["Tags"], page["HasMoreTags"]) == ([{"Key": "a", "Value": "A"}], True)
    page = hose.firehose.list_tags_for_delivery_stream(DeliveryStreamName=hose.name, ExclusiveStartTagKey="a")
    assert (page["Tags"], page["HasMoreTags"]) == ([{"Key": "c", "Value": "C"}], False)
    many = [{"Key": str(number), "Value": ""} for number in range(49)]
    client = boto3.client(
        "firehose",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        endpoint_url=hose.stack.endpoint_url,
        config=Config(retries={"total_max_attempts": 1}),
    )
    code, _ = refusal(client.tag_delivery_stream, DeliveryStreamName=hose.name, Tags=many)
    assert code == "LimitExceededException"


def test_encryption_is_noted_and_told_with_every_put(hose: Hose) -> None:
    hose.create()
    hose.firehose.start_delivery_stream_encryption(DeliveryStreamName=hose.name)
    encryption = hose.describe()["DeliveryStreamEncryptionConfiguration"]
    assert encryption == {"KeyType": "AWS_OWNED_CMK", "Status": "ENABLED"}
    put = hose.firehose.put_record(DeliveryStreamName=hose.name, Record={"Data": b"a"})
    assert put["Encrypted"] is True
    hose.firehose.stop_delivery_stream_encryption(DeliveryStreamName=hose.name)
    assert hose.describe()["DeliveryStreamEncryptionConfiguration"] == {"Status": "DISABLED"}


def test_a_deleted_delivery_stream_is_gone_with_its_buffer(hose: Hose) -> None:
    hose.create()
    hose.put(b"lost")
    hose.firehose.delete_delivery_stream(DeliveryStreamName=hose.name)
    expected = ("ResourceNotFoundException", f"Firehose {hose.name} under account {ACCOUNT} not found.")
    assert refusal(hose.firehose.describe_delivery_stream, DeliveryStreamName=hose.name) == expected
    assert refusal(hose.firehose.put_record, DeliveryStreamName=hose.name, Record={"Data": b""}) == expected
    assert hose.settled() == []


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"BufferingHints": {"SizeInMBs": 129, "IntervalInSeconds": 60}}, "ValidationException", "equal to 128"),
        ({"BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 901}}, "ValidationException", "equal to 900"),
        ({"CompressionFormat": "LZO"}, "ValidationException", "enum value set"),
        ({"BucketARN": "bucket"}, "ValidationException", "regular expression pattern"),
        ({"Prefix": "!{timestamp:yyyy}/"}, "InvalidArgumentException", "ErrorOutputPrefix cannot be null"),
        (
            {"Prefix": "!{timestamp:yyyy}/", "ErrorOutputPrefix": "e/!{timestamp:yyyy}/"},
            "InvalidArgumentException",
            "at least one instance of !{firehose:error-output-type}",
        ),
        ({"DataFormatConversionConfiguration": {"Enabled": True}}, "InvalidArgumentException", "Glue"),
    ],
)
def test_a_bad_destination_is_refused(hose: Hose, change: dict[str, Any], code: str, text: str) -> None:
    found, message = refusal(hose.create, **change)
    assert found == code
    assert text in message
    assert hose.name not in hose.firehose.list_delivery_streams(Limit=10000)["DeliveryStreamNames"]


def test_a_name_can_be_taken_only_once(hose: Hose) -> None:
    hose.create()
    code, text = refusal(hose.create)
    assert (code, text) == (
        "ResourceInUseException",
        f"Firehose {hose.name} under accountId {ACCOUNT} already exists",
    )


@pytest.mark.parametrize(
    ("name", "destination"),
    [
        ("SplunkDestinationConfiguration", {"HECEndpoint": "https://h", "HECEndpointType": "Raw"}),
        ("AmazonopensearchserviceDestinationConfiguration", {"RoleARN": ROLE, "IndexName": "i"}),
    ],
)
def test_a_destination_that_is_not_supported_is_named(hose: Hose, name: str, destination: dict[str, Any]) -> None:
    s3 = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::b"}
    code, text = refusal(
        hose.firehose.create_delivery_stream,
        DeliveryStreamName=hose.name,
        **{name: destination | {"S3Configuration": s3}},
    )
    assert code == "InvalidArgumentException"
    assert f"{name} is not supported" in text
    assert "ExtendedS3DestinationConfiguration, S3DestinationConfiguration, HttpEndpoint" in text


def test_put_limits_are_those_of_aws(hose: Hose) -> None:
    hose.create()
    put_batch, name = hose.firehose.put_record_batch, hose.name
    code, text = refusal(hose.firehose.put_record, DeliveryStreamName=name, Record={"Data": b"x" * 1_024_001})
    assert (code, "1024000" in text) == ("ValidationException", True)
    code, text = refusal(put_batch, DeliveryStreamName=name, Records=[{"Data": b""}] * 501)
    assert (code, "500" in text) == ("ValidationException", True)
    code, _ = refusal(put_batch, DeliveryStreamName=name, Records=[{"Data": b"x" * 1_000_000}] * 5)
    assert code == "InvalidArgumentException"
    assert hose.settled() == []


def test_cloudformation_deploys_it_without_waiting(hose: Hose) -> None:
    template = {
        "Resources": {
            "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": hose.name, "ShardCount": 1}},
            "Delivery": {
                "Type": "AWS::KinesisFirehose::DeliveryStream",
                "Properties": {
                    "DeliveryStreamName": hose.name,
                    "DeliveryStreamType": "KinesisStreamAsSource",
                    "KinesisStreamSourceConfiguration": {
                        "KinesisStreamARN": {"Fn::GetAtt": ["Stream", "Arn"]},
                        "RoleARN": ROLE,
                    },
                    "ExtendedS3DestinationConfiguration": hose.config(),
                },
            },
        }
    }
    cloudformation = hose.stack.client("cloudformation")
    stack_name = f"stack-{uuid.uuid4().hex[:8]}"
    cloudformation.create_stack(StackName=stack_name, TemplateBody=json.dumps(template))
    until(lambda: _status(cloudformation, stack_name) == "CREATE_COMPLETE")
    hose.stack.client("kinesis").put_record(StreamName=hose.name, Data=b"at once", PartitionKey="k")
    assert [item.body for item in hose.settled()] == [b"at once"]
    cloudformation.delete_stack(StackName=stack_name)
    until(lambda: hose.name not in hose.firehose.list_delivery_streams(Limit=10000)["DeliveryStreamNames"])


def _status(cloudformation: Any, name: str) -> str:
    return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])


def test_the_notification_of_a_delivered_object_is_waited_for(hose: Hose) -> None:
    s3, sqs = hose.stack.client("s3"), hose.stack.client("sqs")
    url = sqs.create_queue(QueueName=hose.name)["QueueUrl"]
    queue = {"QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{hose.name}", "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=hose.name, NotificationConfiguration={"QueueConfigurations": [queue]}
    )
    hose.create()
    hose.stack.settle(SETTLE_S)
    while "Messages" in (answer := sqs.receive_message(QueueUrl=url)):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=answer["Messages"][0]["ReceiptHandle"])
    for number in range(10):
        hose.put(b"%d" % number)
        hose.stack.settle(SETTLE_S)
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert sorted(item.body for item in hose.objects()) == [b"%d" % number for number in range(10)]
