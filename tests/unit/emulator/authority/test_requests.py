"""The rights that calls need, against the service authorization reference."""

from typing import Any

import pytest

from wavetank.emulator.authority.requests import Call, rights

ACCOUNT = "123456789012"
STREAM = f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/raw"


def needed(service: str, operation: str, *, tagged: bool = False, **parameters: Any) -> list[tuple[str, str]]:
    call = Call(
        service,
        operation,
        parameters,
        ACCOUNT,
        "eu-west-1",
        stream_of=lambda token: STREAM if token == "iterator" else "",
        secret_of=lambda name: f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:{name}-AbCdEf" * (name == "a/b"),
        is_tagged=lambda _bucket, _key: tagged,
    )
    return [(right.action, right.resource) for right in rights(call)]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "action", "resource"),
    [
        ("kinesis", "PutRecords", {"StreamName": "raw"}, "kinesis:PutRecords", STREAM),
        ("kinesis", "PutRecords", {"StreamARN": STREAM}, "kinesis:PutRecords", STREAM),
        ("kinesis", "GetRecords", {"ShardIterator": "iterator"}, "kinesis:GetRecords", STREAM),
        ("kinesis", "ListStreams", {}, "kinesis:ListStreams", "*"),
        ("sqs", "SendMessageBatch", {"QueueUrl": f"http://h:1/{ACCOUNT}/q"}, "sqs:SendMessage", f"sqs:…:{ACCOUNT}:q"),
        ("sqs", "DeleteMessageBatch", {"QueueUrl": "http://h:1/9/q"}, "sqs:DeleteMessage", "sqs:…:9:q"),
        ("sqs", "GetQueueUrl", {"QueueName": "q"}, "sqs:GetQueueUrl", f"sqs:…:{ACCOUNT}:q"),
        ("sns", "PublishBatch", {"TopicArn": "arn:t"}, "sns:Publish", "arn:t"),
        ("sns", "Publish", {"TargetArn": "arn:t"}, "sns:Publish", "arn:t"),
        ("sns", "Publish", {"PhoneNumber": "+1"}, "sns:Publish", "*"),
        ("lambda", "Invoke", {"FunctionName": "f"}, "lambda:InvokeFunction", f"lambda:…:{ACCOUNT}:function:f"),
        (
            "lambda",
            "Invoke",
            {"FunctionName": f"{ACCOUNT}:function:f", "Qualifier": "live"},
            "lambda:InvokeFunction",
            f"lambda:…:{ACCOUNT}:function:f:live",
        ),
        ("firehose", "PutRecordBatch", {"DeliveryStreamName": "d"}, "firehose:PutRecordBatch", "deliverystream/d"),
        ("logs", "CreateLogGroup", {"logGroupName": "/g"}, "logs:CreateLogGroup", "log-group:/g"),
        ("logs", "CreateLogStream", {"logGroupName": "/g"}, "logs:CreateLogStream", "log-group:/g:*"),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "/g", "logStreamName": "s"},
            "logs:PutLogEvents",
            "log-group:/g:log-stream:s",
        ),
        ("events", "PutEvents", {"Entries": [{}]}, "events:PutEvents", "event-bus/default"),
        ("ssm", "GetParameter", {"Name": "/a/b"}, "ssm:GetParameter", "parameter/a/b"),
        ("secretsmanager", "GetSecretValue", {"SecretId": "a/b"}, "secretsmanager:GetSecretValue", "secret:a/b-AbCdEf"),
        ("secretsmanager", "GetSecretValue", {"SecretId": "x"}, "secretsmanager:GetSecretValue", "secret:x-000000"),
        ("sts", "AssumeRole", {"RoleArn": "arn:r"}, "sts:AssumeRole", "arn:r"),
        ("cloudwatch", "PutMetricData", {"Namespace": "n"}, "cloudwatch:PutMetricData", "*"),
        ("stepfunctions", "StartExecution", {"stateMachineArn": "arn:m"}, "states:StartExecution", "arn:m"),
    ],
)
def test_a_call_needs_its_action_on_what_it_is_about(
    service: str, operation: str, parameters: dict[str, Any], action: str, resource: str
) -> None:
    [(needed_action, needed_resource)] = needed(service, operation, **parameters)
    assert needed_action == action
    assert needed_resource.endswith(resource.replace("…", "eu-west-1"))


B, K = {"Bucket": "b"}, {"Bucket": "b", "Key": "x/k"}
BUCKET, OBJECT, SOURCE = "arn:aws:s3:::b", "arn:aws:s3:::b/x/k", "arn:aws:s3:::from/a b"
COPY = {**K, "CopySource": "from/a%20b"}


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("GetObject", K, [("s3:GetObject", OBJECT)]),
        ("HeadObject", K, [("s3:GetObject", OBJECT)]),
        ("GetObject", {**K, "VersionId": "1"}, [("s3:GetObjectVersion", OBJECT)]),
        ("PutObject", K, [("s3:PutObject", OBJECT)]),
        ("PutObject", {**K, "IfNoneMatch": "*"}, [("s3:PutObject", OBJECT)]),
        ("PutObject", {**K, "IfMatch": "e"}, [("s3:PutObject", OBJECT), ("s3:GetObject", OBJECT)]),
        ("PutObject", {**K, "Tagging": "a=b"}, [("s3:PutObject", OBJECT), ("s3:PutObjectTagging", OBJECT)]),
        ("PutObject", {**K, "ACL": "private"}, [("s3:PutObject", OBJECT), ("s3:PutObjectAcl", OBJECT)]),
        ("CreateMultipartUpload", K, [("s3:PutObject", OBJECT)]),
        ("UploadPart", K, [("s3:PutObject", OBJECT)]),
        ("CompleteMultipartUpload", K, [("s3:PutObject", OBJECT)]),
        ("AbortMultipartUpload", K, [("s3:AbortMultipartUpload", OBJECT)]),
        ("PutObjectTagging", K, [("s3:PutObjectTagging", OBJECT)]),
        ("GetObjectTagging", {**K, "VersionId": "1"}, [("s3:GetObjectVersionTagging", OBJECT)]),
        ("DeleteObject", K, [("s3:DeleteObject", OBJECT)]),
        (
            "DeleteObjects",
            {**B, "Delete": {"Objects": [{"Key": "x/k"}, {"Key": "x/k", "VersionId": "1"}]}},
            [("s3:DeleteObject", OBJECT), ("s3:DeleteObjectVersion", OBJECT)],
        ),
        ("ListObjectsV2", B, [("s3:ListBucket", BUCKET)]),
        ("HeadBucket", B, [("s3:ListBucket", BUCKET)]),
        ("ListMultipartUploads", B, [("s3:ListBucketMultipartUploads", BUCKET)]),
        ("GetBucketLocation", B, [("s3:GetBucketLocation", BUCKET)]),
        ("ListBuckets", {}, [("s3:ListAllMyBuckets", "*")]),
        ("CopyObject", COPY, [("s3:GetObject", SOURCE), ("s3:PutObject", OBJECT)]),
    ],
)
def test_s3_asks_for_the_rights_of_its_own_list(
    operation: str, parameters: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert needed("s3", operation, **parameters) == expected


def test_a_copy_takes_the_tags_along_which_needs_the_rights_to_read_and_to_set_them() -> None:
    tags = [("s3:GetObjectTagging", SOURCE), ("s3:PutObjectTagging", OBJECT)]
    assert needed("s3", "CopyObject", **COPY, tagged=True)[2:] == tags
    other = {**COPY, "TaggingDirective": "REPLACE", "Tagging": "a=b"}
    assert needed("s3", "CopyObject", **other, tagged=True)[2:] == tags[1:]
