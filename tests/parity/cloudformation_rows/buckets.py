"""Buckets and their policies."""

import json
from typing import Any

from botocore.exceptions import ClientError

from tests.parity.cloudformation_rows.row import TAGS, Properties, Row, allow, arn, tags
from wavetank.emulator.stack.stack import EmbeddedStack


def buckets(prefix: str) -> dict[str, Row]:
    """A bucket and the policy of one."""
    one, two = arn("sqs", f"{prefix}-one"), arn("sqs", f"{prefix}-two")

    def describe(stack: EmbeddedStack, name: str) -> Properties:
        return _bucket(stack.client("s3"), name)

    def policy(stack: EmbeddedStack, name: str) -> Properties:
        document = stack.client("s3").get_bucket_policy(Bucket=name)["Policy"]
        return {"PolicyDocument": json.loads(document), "Bucket": name}

    def rule(days: int) -> dict[str, Any]:
        tag = {"Key": "done", "Value": "true"}
        return {"Id": "r", "Status": "Enabled", "Prefix": f"p{days}/", "TagFilters": [tag], "ExpirationInDays": days}

    def kms(key: str) -> dict[str, Any]:
        return {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}

    def notify(queue: str, prefix: str) -> dict[str, Any]:
        rules = {"S3Key": {"Rules": [{"Name": "prefix", "Value": prefix}]}}
        return {"QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": queue, "Filter": rules}]}

    def block(blocked: bool) -> dict[str, bool]:
        names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        return dict.fromkeys(names, blocked)

    def cors(origin: str) -> dict[str, Any]:
        return {"CorsRules": [{"Id": "c", "AllowedMethods": ["GET"], "AllowedOrigins": [origin], "MaxAge": 5}]}

    def lock(days: int) -> dict[str, Any]:
        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": days}}
        return {"ObjectLockEnabled": "Enabled", "Rule": rule}

    def logs(prefix_: str) -> dict[str, Any]:
        return {"DestinationBucketName": f"{prefix}-target", "LogFilePrefix": prefix_}

    public = {"Principal": "*"}
    objects = f"arn:aws:s3:::{prefix}-target/*"
    return {
        "BucketUnderTest": Row(
            "AWS::S3::Bucket",
            describe,
            first={
                "AccelerateConfiguration": {"AccelerationStatus": "Enabled"},
                "BucketEncryption": {"ServerSideEncryptionConfiguration": [kms("one")]},
                "CorsConfiguration": cors("https://a.example"),
                "LifecycleConfiguration": {"Rules": [rule(1)]},
                "LoggingConfiguration": logs("one/"),
                "NotificationConfiguration": notify(one, "one/"),
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
                "PublicAccessBlockConfiguration": block(True),
                "Tags": TAGS[0],
                "VersioningConfiguration": {"Status": "Enabled"},
                "WebsiteConfiguration": {"IndexDocument": "one.html", "ErrorDocument": "bad.html"},
            },
            second={
                "AccelerateConfiguration": {"AccelerationStatus": "Suspended"},
                "BucketEncryption": {"ServerSideEncryptionConfiguration": [kms("two")]},
                "CorsConfiguration": cors("https://b.example"),
                "LifecycleConfiguration": {"Rules": [rule(2)]},
                "LoggingConfiguration": logs("two/"),
                "NotificationConfiguration": notify(two, "two/"),
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
                "PublicAccessBlockConfiguration": block(False),
                "Tags": TAGS[1],
                "VersioningConfiguration": {"Status": "Suspended"},
                "WebsiteConfiguration": {"IndexDocument": "two.html"},
            },
            default={
                "BucketEncryption": "AES256",
                "CorsConfiguration": None,
                "LifecycleConfiguration": None,
                "LoggingConfiguration": None,
                "NotificationConfiguration": {},
                "OwnershipControls": None,
                "PublicAccessBlockConfiguration": None,
                "Tags": [],
                "VersioningConfiguration": {"Status": "Suspended"},
                "WebsiteConfiguration": None,
            },
            replaced={"BucketName": (None, f"{prefix}-bucket-of-a-name")},
        ),
        "Locked": Row(
            "AWS::S3::Bucket",
            describe,
            always={
                "ObjectLockEnabled": True,
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
                "PublicAccessBlockConfiguration": block(False),
            },
            first={"ObjectLockConfiguration": lock(1), "AccessControl": "Private"},
            second={"ObjectLockConfiguration": lock(2), "AccessControl": "PublicRead"},
            default={"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}, "AccessControl": "Private"},
        ),
        "Policy": Row(
            "AWS::S3::BucketPolicy",
            policy,
            always={"Bucket": f"{prefix}-target"},
            first={"PolicyDocument": allow("s3:GetObject", objects, **public)},
            second={"PolicyDocument": allow("s3:PutObject", objects, **public)},
            third={"PolicyDocument": allow("s3:ListBucket", f"arn:aws:s3:::{prefix}-target", **public)},
        ),
        "Moved": Row(
            "AWS::S3::BucketPolicy",
            policy,
            always={"PolicyDocument": allow("s3:GetObject", objects, **public), "Bucket": f"{prefix}-moved"},
            replaced={"Bucket": (f"{prefix}-code", f"{prefix}-backup")},
        ),
    }


def _bucket(s3: Any, name: str) -> Properties:
    """The settings of a bucket as a template writes them."""

    def ask(operation: str) -> dict[str, Any]:
        try:
            return dict(getattr(s3, operation)(Bucket=name))
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchBucket", "404"):
                raise
            return {}

    s3.head_bucket(Bucket=name)
    sse = ask("get_bucket_encryption")["ServerSideEncryptionConfiguration"]["Rules"][0]
    default = sse["ApplyServerSideEncryptionByDefault"]
    encryption = {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": default}]}
    cors = [
        {
            "Id": rule["ID"],
            **{key: rule[key] for key in ("AllowedMethods", "AllowedOrigins")},
            "MaxAge": rule["MaxAgeSeconds"],
        }
        for rule in ask("get_bucket_cors").get("CORSRules", ())
    ]
    life_cycle = [
        {
            "Id": rule["ID"],
            "Status": rule["Status"],
            "Prefix": rule["Filter"]["And"]["Prefix"],
            "TagFilters": rule["Filter"]["And"]["Tags"],
            "ExpirationInDays": rule["Expiration"]["Days"],
        }
        for rule in ask("get_bucket_lifecycle_configuration").get("Rules", ())
    ]
    notifications = [
        {
            "Event": entry["Events"][0],
            "Queue": entry["QueueArn"],
            "Filter": {
                "S3Key": {
                    "Rules": [
                        {"Name": rule["Name"].lower(), "Value": rule["Value"]}
                        for rule in entry["Filter"]["Key"]["FilterRules"]
                    ]
                }
            },
        }
        for entry in ask("get_bucket_notification_configuration").get("QueueConfigurations", ())
    ]
    logging = ask("get_bucket_logging").get("LoggingEnabled")
    website = ask("get_bucket_website")
    site = {"IndexDocument": website.get("IndexDocument", {}).get("Suffix")}
    if "ErrorDocument" in website:
        site["ErrorDocument"] = website["ErrorDocument"]["Key"]
    grants = ask("get_bucket_acl")["Grants"]
    public = any(grant["Grantee"].get("URI", "").endswith("AllUsers") for grant in grants)
    return {
        "AccelerateConfiguration": {"AccelerationStatus": ask("get_bucket_accelerate_configuration").get("Status")},
        "AccessControl": "PublicRead" if public else "Private",
        "BucketEncryption": encryption if "KMSMasterKeyID" in default else default["SSEAlgorithm"],
        "BucketName": name,
        "CorsConfiguration": {"CorsRules": cors} if cors else None,
        "LifecycleConfiguration": {"Rules": life_cycle} if life_cycle else None,
        "LoggingConfiguration": logging
        and {"DestinationBucketName": logging["TargetBucket"], "LogFilePrefix": logging["TargetPrefix"]},
        "NotificationConfiguration": {"QueueConfigurations": notifications} if notifications else {},
        "ObjectLockConfiguration": ask("get_object_lock_configuration").get("ObjectLockConfiguration"),
        "OwnershipControls": ask("get_bucket_ownership_controls").get("OwnershipControls"),
        "PublicAccessBlockConfiguration": ask("get_public_access_block").get("PublicAccessBlockConfiguration"),
        "Tags": tags(ask("get_bucket_tagging").get("TagSet", [])),
        "VersioningConfiguration": {"Status": ask("get_bucket_versioning").get("Status")},
        "WebsiteConfiguration": site if website.get("IndexDocument") else None,
    }
