"""The policies that LocalStack keeps: of roles, topics, queues, buckets and functions; and whose session a key is.

Its stores are looked into at every call, so that a policy counts from the moment at which it is put; reading a document
is what costs, and that is done once for each.
"""

import json
import sys
from typing import Any
from urllib.parse import unquote

from wavetank.emulator.authority.conditions import ARN_PARTS
from wavetank.emulator.authority.evaluation import Policies
from wavetank.emulator.authority.ownership import Owned
from wavetank.emulator.authority.policy import Caller, Policy

FUNCTION_PARTS = 7
"""Parts of the ARN of a function without version or alias."""

US_EAST_1 = "us-east-1"
"""The region in which LocalStack keeps what has none."""


def session_of(access_key_id: str) -> Caller | None:
    """The session of a role that a temporary key belongs to; None for all other keys."""
    sts = sys.modules.get("localstack.services.sts.models")
    if sts is None or not access_key_id:
        return None
    from localstack.aws.accounts import get_account_id_from_access_key_id

    account = get_account_id_from_access_key_id(access_key_id)
    credentials = sts.sts_stores[account][US_EAST_1].credentials.get(access_key_id)
    if credentials is None or ":assumed-role/" not in credentials.arn:
        return None
    _arn, partition, _sts, _region, owner, name = credentials.arn.split(":", 5)
    _kind, role, session = name.split("/", 2)
    return Caller.of_session(partition, owner, role, session)


def role_of(caller: Caller) -> Owned:
    """The role of a session."""
    return Owned(caller.account, "iam", caller.names[1].rpartition("/")[2])


def policies_of_role(role: Owned) -> Policies | None:
    """The policies of a role and its boundary; None where there is no such role. Raises MalformedPolicy."""
    entity = _role(role)
    if entity is None:
        return None
    attached = [_managed(role.account, arn) for arn in entity.attached_policy_arns]
    documents = [*entity.inline_policies.values(), *(document for document in attached if document)]
    boundary = (entity.role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
    limit = Policy.parse(unquote(_managed(role.account, boundary) or "{}")) if boundary else None
    return Policies([Policy.parse(unquote(document)) for document in documents], boundary=limit)


def trust_of(role: Owned) -> Policy | None:
    """The policy that says who may take a role; None where there is no such role. Raises MalformedPolicy."""
    entity = _role(role)
    return None if entity is None else Policy.parse(unquote(entity.role["AssumeRolePolicyDocument"]))


def policy_of(arn: str, account: str) -> Policy | None:
    """The policy of a resource, or of the bucket that an object is in; None where it has none.

    `account` stands for the one that ARNs of buckets do not name. Raises MalformedPolicy.
    """
    parts = arn.split(":", ARN_PARTS - 1)
    find = _FINDERS.get(parts[2]) if len(parts) == ARN_PARTS else None
    document = find(arn, account) if find is not None else None
    return Policy.parse(document) if document else None


def owner_of_bucket(name: str, account: str) -> str:
    """The account of a bucket; `account` where there is no such bucket."""
    bucket = _bucket(account, name)
    return str(bucket.bucket_account_id) if bucket is not None else account


def role_of_function(arn: str) -> str:
    """The ARN of the role of a function, or of one version of it; empty where there is no such function."""
    function, qualifier = _function(arn)
    version = function.versions.get(qualifier) or function.versions.get("$LATEST") if function is not None else None
    return str(version.config.role) if version is not None else ""


def has_object(account: str, bucket: str, key: str) -> bool:
    """Whether there is an object."""
    found = _bucket(account, bucket)
    return found is not None and found.objects.get(key) is not None


def is_tagged(account: str, bucket: str, key: str) -> bool:
    """Whether there is an object that has tags."""
    s3, found = sys.modules.get("localstack.services.s3.models"), _bucket(account, bucket)
    item = found.objects.get(key) if found is not None else None
    if s3 is None or item is None:
        return False
    from localstack.services.s3.utils import get_unique_key_id

    return bool(
        s3.s3_stores[found.bucket_account_id][found.bucket_region].tags.get_tags(
            get_unique_key_id(bucket, key, item.version_id)
        )
    )


def secret_of(account: str, region: str, name: str) -> str:
    """The ARN of a secret by its name; empty where there is none."""
    models = sys.modules.get("moto.secretsmanager")
    secret = models.secretsmanager_backends[account][region].secrets.get(name) if models is not None else None
    return str(secret.arn) if secret is not None else ""


def _role(role: Owned) -> Any:
    iam = sys.modules.get("localstack.services.iam.models")
    return iam.iam_stores[role.account][US_EAST_1].ROLES.get(role.name) if iam is not None else None


def _managed(account: str, arn: str) -> str:
    """The document of a managed policy, in its default version; empty where there is none."""
    iam = sys.modules["localstack.services.iam.models"]
    entity = iam.iam_stores[account][US_EAST_1].MANAGED_POLICIES.get(arn)
    if entity is None and ":iam::aws:" in arn:
        from localstack.services.plugins import SERVICE_PLUGINS

        provider = SERVICE_PLUGINS.get_service_container("iam").service._provider
        entity = provider._aws_managed_policy_cache.get(provider._normalize_aws_managed_arn(arn))
    return str(entity.versions[entity.policy["DefaultVersionId"]]["Document"]) if entity is not None else ""


def _bucket(account: str, name: str) -> Any:
    s3 = sys.modules.get("localstack.services.s3.models")
    if s3 is None:
        return None
    owner = s3.s3_stores[account][US_EAST_1].global_bucket_map.get(name)
    return s3.s3_stores[owner][US_EAST_1].buckets.get(name) if owner else None


def _of_bucket(arn: str, account: str) -> str | None:
    bucket = _bucket(account, arn.split(":", 5)[5].partition("/")[0])
    return bucket.policy if bucket is not None else None


def _of_topic(arn: str, _account: str) -> str | None:
    sns = sys.modules.get("localstack.services.sns.models")
    _arn, _partition, _sns, region, account, _name = arn.split(":", 5)
    topic = sns.sns_stores[account][region].topics.get(arn) if sns is not None else None
    return topic["attributes"].get("Policy") if topic is not None else None


def _of_queue(arn: str, _account: str) -> str | None:
    sqs = sys.modules.get("localstack.services.sqs.models")
    _arn, _partition, _sqs, region, account, name = arn.split(":", 5)
    queue = sqs.sqs_stores[account][region].queues.get(name) if sqs is not None else None
    return queue.attributes.get("Policy") if queue is not None else None


def _of_function(arn: str, _account: str) -> str | None:
    """The policy of a function, or of one version or alias of it."""
    function, qualifier = _function(arn)
    kept = function.permissions.get(qualifier) if function is not None else None
    if kept is None:
        return None
    return json.dumps({"Version": kept.policy.Version, "Statement": kept.policy.Statement})


def _function(arn: str) -> tuple[Any, str]:
    """A function, None where there is none, and the version or alias that its ARN names."""
    models = sys.modules.get("localstack.services.lambda_.invocation.models")
    parts = arn.split(":", 7)
    if models is None or len(parts) < FUNCTION_PARTS:
        return None, ""
    function = models.lambda_stores[parts[4]][parts[3]].functions.get(parts[6])
    return function, parts[7] if len(parts) > FUNCTION_PARTS else "$LATEST"


_FINDERS = {"lambda": _of_function, "s3": _of_bucket, "sns": _of_topic, "sqs": _of_queue}
