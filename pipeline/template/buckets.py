"""The buckets and the topic that their notifications go to, as CloudFormation resources."""

from collections.abc import Iterator
from typing import Any

from wavetank.pipeline.layout import (
    CHUNKS,
    DATABASES,
    DONE_TAG,
    FAILURE_DOCUMENTS,
    MERGED_TAG,
    PARTS,
    QUARANTINE,
    REFERENCE,
    SPENT_TAG,
    SUPERSEDED_TAG,
    Tag,
    reference_heartbeat_key,
    type_prefix,
)
from wavetank.pipeline.names import Names
from wavetank.pipeline.template.permissions import ACCOUNT, DATA, REGISTRY, data_bucket, topic
from wavetank.pipeline.topology import Topology

Resources = dict[str, dict[str, Any]]

QUARANTINE_DAYS = 90
UPLOAD_DAYS = 7
SUPERSEDED_DAYS = 1
OLD_VERSION_DAYS = 90
OLD_VERSIONS = 10
"""Versions of a schema that are kept for ever once it was overwritten; others for `OLD_VERSION_DAYS`."""


def buckets(deployed: Topology) -> Resources:
    """The data bucket, which tells of new chunks and failure documents, and the registry bucket."""
    names = deployed.names
    notify = {
        "TopicConfigurations": [
            {
                "Event": "s3:ObjectCreated:*",
                "Topic": {"Ref": "ChunkTopic"},
                "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": f"{CHUNKS}/"}]}},
            }
        ],
        "LambdaConfigurations": [
            {
                "Event": "s3:ObjectCreated:*",
                "Function": {"Fn::GetAtt": ["Rescuer", "Arn"]},
                "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": f"{FAILURE_DOCUMENTS}/"}]}},
            }
        ],
    }
    data = _bucket(names.data_bucket(ACCOUNT)) | {"DependsOn": ["ChunkTopicPolicy", "RescuerInvoke"]}
    data["Properties"]["NotificationConfiguration"] = notify
    data["Properties"]["LifecycleConfiguration"] = {"Rules": _life_cycle(deployed)}
    expiration = {"NoncurrentDays": OLD_VERSION_DAYS, "NewerNoncurrentVersions": OLD_VERSIONS}
    old_versions = {"Id": "old-versions", "Status": "Enabled", "NoncurrentVersionExpiration": expiration}
    registry = _bucket(names.registry_bucket(ACCOUNT))
    registry["Properties"]["VersioningConfiguration"] = {"Status": "Enabled"}
    rules = [old_versions, _unfinished_uploads(), *_of_databases(deployed)]
    registry["Properties"]["LifecycleConfiguration"] = {"Rules": rules}
    return {DATA: data, REGISTRY: registry, **_tls_only(DATA), **_tls_only(REGISTRY)}


def _life_cycle(deployed: Topology) -> list[dict[str, Any]]:
    """The rules of expiry: an object goes only with the tag that says it is needed no more, whatever its age.

    So a chunk cannot expire before it is partitioned, a part before it is merged, a record before it is re-driven.
    Of several rules for an object the shortest time holds (S3 user guide, "How Amazon S3 handles conflicts in lifecycle
    configurations"): the rule for all has the longest, and event types whose files go sooner have one of their own.
    """
    chunks = {event.chunk_prefix: event.component.expiry.chunk_days for event in deployed.events}
    parts = {type_prefix(PARTS, event.name): event.component.expiry.part_days for event in deployed.events}
    usual = deployed.default.expiry
    longest_chunk, longest_part = max(usual.chunk_days, *chunks.values()), max(usual.part_days, *parts.values())
    documents = {"Id": "failure-documents", "Prefix": f"{FAILURE_DOCUMENTS}/", "ExpirationInDays": QUARANTINE_DAYS}
    return [
        _expiry(f"{CHUNKS}/", DONE_TAG, longest_chunk),
        _expiry(f"{PARTS}/", MERGED_TAG, longest_part),
        _expiry(f"{QUARANTINE}/", SPENT_TAG, QUARANTINE_DAYS),
        documents | {"Status": "Enabled"},
        _unfinished_uploads(),
        *(_expiry(prefix, DONE_TAG, days) for prefix, days in chunks.items() if days < longest_chunk),
        *(_expiry(prefix, MERGED_TAG, days) for prefix, days in parts.items() if days < longest_part),
    ]


def _of_databases(deployed: Topology) -> Iterator[dict[str, Any]]:
    """The rules for what dumpers write; there are none without a database.

    Superseded snapshots go, and so do the versions of what is written anew with every run: of other objects ten are
    kept for ever.
    """
    if not deployed.databases:
        return
    at_once = {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
    yield _expiry(f"{REFERENCE}/", SUPERSEDED_TAG, SUPERSEDED_DAYS) | at_once
    yield {"Id": "leases", "Status": "Enabled", "Prefix": f"{DATABASES}/"} | at_once
    for database in deployed.databases:
        for reference in database.references:
            prefix = reference_heartbeat_key(reference.name)
            yield {"Id": f"heartbeat-{reference.name}", "Status": "Enabled", "Prefix": prefix} | at_once


def _expiry(prefix: str, tag: Tag, days: int) -> dict[str, Any]:
    """The rule for what is under a prefix and carries a tag."""
    return {
        "Id": f"{prefix.strip('/').replace('/', '-').replace('event=', '')}-done",
        "Status": "Enabled",
        "Prefix": prefix,
        "TagFilters": [tag],
        "ExpirationInDays": days,
    }


def _unfinished_uploads() -> dict[str, Any]:
    after = {"DaysAfterInitiation": UPLOAD_DAYS}
    return {"Id": "unfinished-uploads", "Status": "Enabled", "AbortIncompleteMultipartUpload": after}


def _tls_only(bucket: str) -> Resources:
    """The policy that denies requests without TLS, and stays with its bucket (S3 user guide, "Enforce encryption")."""
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "Bucket": {"Ref": bucket},
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }
    return {f"{bucket}Policy": policy}


def _bucket(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketName": {"Fn::Sub": name},
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
        },
    }


def chunk_topic(names: Names) -> Resources:
    """The topic that new chunks are announced on, and what lets the data bucket do so."""
    condition = {
        "ArnLike": {"aws:SourceArn": data_bucket(names)},
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
    }
    return topic("ChunkTopic", names.chunk_topic, "s3.amazonaws.com", condition)
