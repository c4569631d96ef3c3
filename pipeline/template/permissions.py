"""Permissions of each function and delivery stream: the actions it takes, on the resources it takes them on."""

from collections.abc import Sequence
from typing import Any

from wavetank.pipeline import layout
from wavetank.pipeline.components.references import Database
from wavetank.pipeline.layout import (
    AVRO,
    CHUNKS,
    FAILURE_DOCUMENTS,
    IDS,
    LATE,
    PARQUET,
    PARTS,
    QUARANTINE,
    SCHEMAS,
    chunk_prefix,
    delivery_error_prefix,
    reference_index_key,
    reference_snapshot_key,
    schema_prefix,
    type_prefix,
)
from wavetank.pipeline.names import Names, log_group

Statement = dict[str, Any]

ACCOUNT = "${AWS::AccountId}"
"""The account, in a text that `Fn::Sub` fills in."""

DATA = "DataBucket"
REGISTRY = "RegistryBucket"
MERGES = "MergeQueue"
DEAD_MERGES = "DeadMergeQueue"

READ_STREAM = ("kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards")


def processor(raw: str, processed: str, event_type: str, references: Sequence[str]) -> list[Statement]:
    """Read the raw stream, put on the processed one, write quarantine and failure documents.

    Of the registry it reads the schemas of its event type, and the indexes and snapshots of the references it uses.
    """
    snapshots = [
        _objects(REGISTRY, key)
        for name in references
        for key in (reference_index_key(name), reference_snapshot_key(name, "*"))
    ]
    return [
        _allow([*READ_STREAM, "kinesis:DescribeStreamSummary"], _arn(raw)),
        _allow(["kinesis:ListStreams"], "*"),
        _allow(["kinesis:PutRecords"], _arn(processed)),
        _allow(
            ["s3:PutObject"],
            _objects(DATA, f"{type_prefix(QUARANTINE, event_type)}*"),
            _objects(DATA, f"{FAILURE_DOCUMENTS}/*"),
        ),
        _allow(["s3:ListBucket"], _arn(DATA)),
        *_read_registry(schema_prefix(event_type)),
        *([_allow(["s3:GetObject"], *snapshots)] if snapshots else []),
    ]


def partitioner() -> list[Statement]:
    """Read and tag chunks, write parts and quarantine, read the registry.

    Without the right to list, S3 answers for a chunk that has expired as if it were forbidden.
    """
    return [
        _allow(["s3:ListBucket"], _arn(DATA)),
        _allow(["s3:GetObject", "s3:PutObjectTagging"], _objects(DATA, f"{CHUNKS}/*")),
        _allow(["s3:PutObject"], _objects(DATA, f"{PARTS}/*"), _objects(DATA, f"{QUARANTINE}/*")),
        *_read_registry(),
    ]


def rescuer(names: Names, raw: Sequence[str], departed: Sequence[str] = ()) -> list[Statement]:
    """Read failure documents and the raw streams, write quarantine. Names the data bucket: it calls the function.

    departed: event types whose streams are in no template any more.
    """
    stream = "arn:${AWS::Partition}:kinesis:${AWS::Region}:${AWS::AccountId}:stream/"
    streams = [{"Fn::Sub": f"{stream}{names.raw_stream(event_type)}"} for event_type in departed]
    return [
        _allow(["kinesis:GetRecords", "kinesis:GetShardIterator"], *map(_arn, raw), *streams),
        _allow(["s3:GetObject"], data_bucket(names, f"/{FAILURE_DOCUMENTS}/*")),
        _allow(["s3:PutObject"], data_bucket(names, f"/{QUARANTINE}/*")),
    ]


def replayer() -> list[Statement]:
    """List chunks and their tags, announce them on the topic."""
    return [
        _allow(["s3:ListBucket"], _arn(DATA)),
        _allow(["s3:GetObjectTagging"], _objects(DATA, f"{CHUNKS}/*")),
        _allow(["sns:Publish"], {"Ref": "ChunkTopic"}),
    ]


def planner() -> list[Statement]:
    """List parts, read id indexes, put late parts aside, queue the work, count dead letters, read the registry."""
    return [
        _allow(["s3:ListBucket"], _arn(DATA)),
        _allow(["s3:GetObject"], _objects(DATA, f"{IDS}/*"), _objects(DATA, f"{PARTS}/*")),
        _allow(["s3:GetObjectTagging", "s3:DeleteObject"], _objects(DATA, f"{PARTS}/*")),
        _allow(["s3:PutObject", "s3:PutObjectTagging"], _objects(DATA, f"{LATE}/*")),
        _allow(["sqs:SendMessage"], _arn(MERGES)),
        _allow(["sqs:GetQueueAttributes"], _arn(DEAD_MERGES)),
        *_read_registry(),
    ]


def concatenator() -> list[Statement]:
    """Take work from the queue, read and tag parts, read and replace merged objects and indexes, read the registry.

    What cannot be merged it writes to quarantine. A back-fill takes the same rights, but those on the queue, and those
    of the planner to move late parts back.
    """
    merged = [_objects(DATA, f"{layer}/*") for layer in (AVRO, PARQUET, IDS)]
    return [
        _allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], _arn(MERGES)),
        _allow(["s3:ListBucket"], _arn(DATA)),
        _allow(["s3:GetObject", "s3:PutObjectTagging"], _objects(DATA, f"{PARTS}/*")),
        _allow(["s3:GetObject", "s3:PutObject"], *merged),
        _allow(["s3:PutObject"], _objects(DATA, f"{QUARANTINE}/*")),
        *_read_registry(),
    ]


def dumper(database: Database) -> list[Statement]:
    """Read and replace what is published of its references, tag their snapshots, hold its lease, read its secret.

    The ARN of a secret ends with six characters that nobody knows before (Secrets Manager user guide, "Secrets Manager
    secret ARN"). Without the right to list, S3 answers for an index that is not there as if it were forbidden.
    """
    names = [reference.name for reference in database.references]
    published = [_objects(REGISTRY, layout.reference_prefix(name) + "*") for name in names]
    snapshots = [_objects(REGISTRY, layout.reference_snapshot_key(name, "*")) for name in names]
    secret = f"arn:${{AWS::Partition}}:secretsmanager:${{AWS::Region}}:{ACCOUNT}:secret:{database.secret}-??????"
    return [
        _allow(["s3:ListBucket"], _arn(REGISTRY)),
        _allow(["s3:GetObject", "s3:PutObject"], *published, _objects(REGISTRY, layout.lease_key(database.name))),
        _allow(["s3:PutObjectTagging"], *snapshots),
        _allow(["secretsmanager:GetSecretValue"], {"Fn::Sub": secret}),
    ]


def network(function: str) -> list[Statement]:
    """Have Lambda make network interfaces in a VPC for a function, by its name, whose own code may not.

    DescribeNetworkInterfaces and DescribeSubnets know no resources (Service Authorization Reference, "Amazon EC2").
    Lambda calls with the function's role; so does its code, which is told apart by the ARN that only that has (Lambda
    developer guide, "Giving Lambda functions access to resources in an Amazon VPC").
    """
    own = f"arn:${{AWS::Partition}}:ec2:${{AWS::Region}}:{ACCOUNT}:"
    interface, subnet, group = (
        {"Fn::Sub": f"{own}{kind}/*"} for kind in ("network-interface", "subnet", "security-group")
    )
    arn = {"Fn::Sub": f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:{ACCOUNT}:function:{function}"}
    made = ["ec2:AssignPrivateIpAddresses", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"]
    described = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
    every = ["ec2:CreateNetworkInterface", *made, *described]
    return [
        _allow(["ec2:CreateNetworkInterface"], interface, subnet, group),
        _allow(made, interface),
        _allow(described, "*"),
        {
            "Effect": "Deny",
            "Action": every,
            "Resource": ["*"],
            "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": arn}},
        },
    ]


def delivery(processed: str, event_type: str) -> list[Statement]:
    """Read the processed stream, write chunks (Firehose developer guide, "Grant Firehose access to S3")."""
    return [
        _allow(READ_STREAM, _arn(processed)),
        _allow(["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], _arn(DATA)),
        _allow(
            ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            _objects(DATA, f"{chunk_prefix(event_type)}*"),
            _objects(DATA, f"{delivery_error_prefix(event_type)}*"),
        ),
    ]


def logs(function: str) -> list[Statement]:
    """Write the function's own log group, which the template makes."""
    group = f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{log_group(function)}"
    return [_allow(["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::Sub": f"{group}:*"})]


def data_bucket(names: Names, keys: str = "") -> dict[str, str]:
    """The ARN of the data bucket, or of objects in it, by its name: for what has to be there before it."""
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{names.data_bucket(ACCOUNT)}{keys}"}


def delivery_stream(name: str) -> dict[str, str]:
    """The ARN of a delivery stream, by its name: its role has to be there before it."""
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:firehose:${{AWS::Region}}:${{AWS::AccountId}}:deliverystream/{name}"}


def topic(logical_id: str, name: str, service: str, condition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """An SNS topic, and the policy by which a service may publish on it under a condition."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sns:Publish",
        "Resource": {"Ref": logical_id},
        "Condition": condition,
    }
    return {
        logical_id: {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}},
        f"{logical_id}Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": logical_id}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            },
        },
    }


def role(service: str, statements: Sequence[Statement], source: dict[str, str] | None = None) -> dict[str, Any]:
    """An IAM role with just these statements, that `service` can assume for this account, and for `source` alone.

    Without it, another account could make the service act here (IAM user guide, "The confused deputy problem").
    """
    condition: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    if source is not None:
        condition["ArnLike"] = {"aws:SourceArn": source}
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [
                {
                    "PolicyName": "least-privilege",
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)},
                }
            ],
        },
    }


def _read_registry(prefix: str = f"{SCHEMAS}/") -> list[Statement]:
    """Read schemas; without the right to list, S3 answers for an object that is not there as if it were forbidden."""
    return [_allow(["s3:ListBucket"], _arn(REGISTRY)), _allow(["s3:GetObject"], _objects(REGISTRY, f"{prefix}*"))]


def _allow(actions: Sequence[str], *resources: Any) -> Statement:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _arn(resource: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [resource, "Arn"]}


def _objects(bucket: str, keys: str) -> dict[str, str]:
    return {"Fn::Sub": f"${{{bucket}.Arn}}/{keys}"}
