"""The settings of a bucket: from how a CloudFormation template writes them to how the S3 API takes them.

Sources: the CloudFormation resource reference (AWS::S3::Bucket and its property types) and the S3 API reference.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Settings = Mapping[str, Any]

EXPIRATION = {
    "ExpirationInDays": "Days",
    "ExpirationDate": "Date",
    "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
}
TRANSITION = {"TransitionInDays": "Days", "TransitionDate": "Date", "StorageClass": "StorageClass"}
NONCURRENT = {"TransitionInDays": "NoncurrentDays", "StorageClass": "StorageClass"}
DEFAULT_ENCRYPTION = {
    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
}
"""What every bucket has that says nothing else (S3 user guide, "Setting default server-side encryption")."""
SIZES = {"ObjectSizeGreaterThan": int, "ObjectSizeLessThan": int}
CORS = {
    "AllowedHeaders": "AllowedHeaders",
    "AllowedMethods": "AllowedMethods",
    "AllowedOrigins": "AllowedOrigins",
    "ExposedHeaders": "ExposeHeaders",
    "Id": "ID",
    "MaxAge": "MaxAgeSeconds",
}
DESTINATIONS = {
    "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
    "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
    "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
}


def acl(name: str) -> str:
    """A canned access control list: `PublicRead` is `public-read`."""
    return re.sub("(?<!^)(?=[A-Z])", "-", name).lower()


def accelerate(value: Settings) -> dict[str, Any]:
    """Transfer acceleration."""
    return {"Status": value["AccelerationStatus"]}


def encryption(value: Settings) -> dict[str, Any]:
    """Default encryption."""
    renamed = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    return {"Rules": [_renamed(rule, renamed, keep=True) for rule in value["ServerSideEncryptionConfiguration"]]}


def tags(value: Sequence[Settings]) -> dict[str, Any]:
    """Tags."""
    return {"TagSet": [{"Key": tag["Key"], "Value": str(tag["Value"])} for tag in value]}


def life_cycle(value: Settings) -> dict[str, Any]:
    """The life cycle."""
    rules = []
    for rule in value["Rules"]:
        taken: dict[str, Any] = {"Status": rule["Status"], "Filter": _filter(rule)}
        if "Id" in rule:
            taken["ID"] = rule["Id"]
        if expiration := _renamed(rule, EXPIRATION):
            taken["Expiration"] = expiration
        transitions = [*(rule.get("Transitions") or ()), *filter(None, [rule.get("Transition")])]
        if transitions:
            taken["Transitions"] = [_renamed(entry, TRANSITION) for entry in transitions]
        if version := rule.get("NoncurrentVersionExpiration"):
            taken["NoncurrentVersionExpiration"] = dict(version)
        elif "NoncurrentVersionExpirationInDays" in rule:
            taken["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
        older = [
            *(rule.get("NoncurrentVersionTransitions") or ()),
            *filter(None, [rule.get("NoncurrentVersionTransition")]),
        ]
        if older:
            taken["NoncurrentVersionTransitions"] = [_renamed(entry, NONCURRENT, keep=True) for entry in older]
        if "AbortIncompleteMultipartUpload" in rule:
            taken["AbortIncompleteMultipartUpload"] = dict(rule["AbortIncompleteMultipartUpload"])
        rules.append(taken)
    return {"Rules": rules}


def notification(value: Settings) -> dict[str, Any]:
    """Event notifications."""
    config: dict[str, Any] = {}
    for given, (taken, destination, arn) in DESTINATIONS.items():
        entries = []
        for entry in value.get(given) or ():
            rules = ((entry.get("Filter") or {}).get("S3Key") or {}).get("Rules")
            filters = (
                {"Filter": {"Key": {"FilterRules": [{**rule, "Name": rule["Name"].lower()} for rule in rules]}}}
                if rules
                else {}
            )
            entries.append({arn: entry[destination], "Events": [entry["Event"]], **filters})
        if entries:
            config[taken] = entries
    bridge = value.get("EventBridgeConfiguration")
    if bridge is not None and str(bridge.get("EventBridgeEnabled", True)).lower() == "true":
        config["EventBridgeConfiguration"] = {}
    return config


def shown_notification(value: Settings) -> dict[str, Any]:
    """Event notifications as S3 shows them, which capitalises the names of its filters, as it takes them."""
    config = {
        name: [dict(entry) for entry in entries] if isinstance(entries, list) else entries
        for name, entries in value.items()
    }
    for taken, _, _ in DESTINATIONS.values():
        for entry in config.get(taken, ()):
            if rules := ((entry.get("Filter") or {}).get("Key") or {}).get("FilterRules"):
                lowered = [{**rule, "Name": rule["Name"].lower()} for rule in rules]
                entry["Filter"] = {"Key": {"FilterRules": lowered}}
    return config


def cors(value: Settings) -> dict[str, Any]:
    """Cross-origin rules."""
    return {"CORSRules": [_renamed(rule, CORS) for rule in value["CorsRules"]]}


def website(value: Settings) -> dict[str, Any]:
    """A static website."""
    config: dict[str, Any] = {}
    if index := value.get("IndexDocument"):
        config["IndexDocument"] = {"Suffix": index}
    if error := value.get("ErrorDocument"):
        config["ErrorDocument"] = {"Key": error}
    if everything := value.get("RedirectAllRequestsTo"):
        config["RedirectAllRequestsTo"] = everything
    if rules := value.get("RoutingRules"):
        renamed = {"RoutingRuleCondition": "Condition", "RedirectRule": "Redirect"}
        config["RoutingRules"] = [_renamed(rule, renamed) for rule in rules]
    return config


def logging(value: Settings) -> dict[str, Any]:
    """Server access logs."""
    renamed = {"DestinationBucketName": "TargetBucket", "LogFilePrefix": "TargetPrefix"}
    return {"LoggingEnabled": {"TargetPrefix": "", **_renamed(value, renamed, keep=True)}}


def addresses(name: str, region: str) -> dict[str, str]:
    """The read-only attributes of a bucket: its ARN and host names."""
    from localstack.config import S3_STATIC_WEBSITE_HOSTNAME, S3_VIRTUAL_HOSTNAME
    from localstack.utils.aws import arns
    from localstack.utils.urls import localstack_host

    domain = f"{name}.{S3_VIRTUAL_HOSTNAME}"
    return {
        "Arn": arns.s3_bucket_arn(name, region=region),
        "DomainName": domain,
        "DualStackDomainName": domain,
        "RegionalDomainName": domain,
        "WebsiteURL": f"http://{name}.{S3_STATIC_WEBSITE_HOSTNAME}:{localstack_host().port}",
    }


def _filter(rule: Settings) -> dict[str, Any]:
    """The objects that a rule applies to; more than one condition are joined by `And`."""
    conditions: dict[str, Any] = {name: kind(rule[name]) for name, kind in SIZES.items() if name in rule}
    tags = [dict(tag) for tag in rule.get("TagFilters") or ()]
    if rule.get("Prefix") or not (conditions or tags):
        conditions["Prefix"] = rule.get("Prefix") or ""
    if len(conditions) + len(tags) <= 1:
        return conditions or {"Tag": tags[0]}
    return {"And": conditions | ({"Tags": tags} if tags else {})}


def _renamed(value: Settings, renamed: Mapping[str, str], *, keep: bool = False) -> dict[str, Any]:
    """The members that are renamed, with `keep` the others too."""
    return {renamed.get(name, name): part for name, part in value.items() if keep or name in renamed}
