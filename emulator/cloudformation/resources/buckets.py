"""`AWS::S3::Bucket` and `AWS::S3::BucketPolicy`."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from wavetank.emulator.cloudformation.comparison import fits
from wavetank.emulator.cloudformation.resource import AlreadyThere, Context, Model, Properties, Schema, names
from wavetank.emulator.cloudformation.resources import bucket_settings


@dataclass(frozen=True)
class Setting:
    """A part of a bucket's configuration: its property, and the calls that put it and take it away."""

    property: str
    operation: str
    parameter: str
    convert: Callable[[Any], Any]
    delete: str | None = None
    """Without one the bucket is given `removed`."""
    removed: Any = None
    shown: Callable[[Any], Any] = field(default=lambda value: value)
    """From how S3 shows it to how it takes it."""

    def apply(self, s3: Any, bucket: str, model: Properties, before: Properties | None) -> None:
        """Put it where it is asked for, take it away where it was."""
        value = model.get(self.property)
        if value == (before or {}).get(self.property):
            return
        if value:
            getattr(s3, self.operation)(Bucket=bucket, **{self.parameter: self.convert(value)})
        elif self.delete:
            getattr(s3, self.delete)(Bucket=bucket)
        else:
            getattr(s3, self.operation)(Bucket=bucket, **{self.parameter: self.removed})

    def read(self, s3: Any, bucket: str, asked: Any) -> Any:
        """`asked`, if that is how it is; else as the S3 API shows it, and None where there is none."""
        try:
            answer = dict(getattr(s3, self.operation.replace("put_", "get_", 1))(Bucket=bucket))
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return None
        answer.pop("ResponseMetadata", None)
        there = self.shown(answer.get(self.parameter, answer))
        return asked if fits(self.convert(asked), there) else there


SETTINGS = (
    Setting(
        "VersioningConfiguration",
        "put_bucket_versioning",
        "VersioningConfiguration",
        dict,
        removed={"Status": "Suspended"},
    ),
    Setting(
        "OwnershipControls",
        "put_bucket_ownership_controls",
        "OwnershipControls",
        dict,
        "delete_bucket_ownership_controls",
    ),
    Setting(
        "PublicAccessBlockConfiguration",
        "put_public_access_block",
        "PublicAccessBlockConfiguration",
        dict,
        "delete_public_access_block",
    ),
    Setting("AccessControl", "put_bucket_acl", "ACL", bucket_settings.acl, removed="private"),
    Setting(
        "BucketEncryption",
        "put_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        bucket_settings.encryption,
        removed=bucket_settings.encryption(bucket_settings.DEFAULT_ENCRYPTION),
    ),
    Setting(
        "LifecycleConfiguration",
        "put_bucket_lifecycle_configuration",
        "LifecycleConfiguration",
        bucket_settings.life_cycle,
        "delete_bucket_lifecycle",
    ),
    Setting(
        "NotificationConfiguration",
        "put_bucket_notification_configuration",
        "NotificationConfiguration",
        bucket_settings.notification,
        removed={},
        shown=bucket_settings.shown_notification,
    ),
    Setting("CorsConfiguration", "put_bucket_cors", "CORSConfiguration", bucket_settings.cors, "delete_bucket_cors"),
    Setting(
        "WebsiteConfiguration",
        "put_bucket_website",
        "WebsiteConfiguration",
        bucket_settings.website,
        "delete_bucket_website",
    ),
    Setting("LoggingConfiguration", "put_bucket_logging", "BucketLoggingStatus", bucket_settings.logging, removed={}),
    Setting(
        "AccelerateConfiguration",
        "put_bucket_accelerate_configuration",
        "AccelerateConfiguration",
        bucket_settings.accelerate,
        removed={"Status": "Suspended"},
    ),
    Setting(
        "ObjectLockConfiguration",
        "put_object_lock_configuration",
        "ObjectLockConfiguration",
        dict,
        removed={"ObjectLockEnabled": "Enabled"},
    ),
    Setting("Tags", "put_bucket_tagging", "Tagging", bucket_settings.tags, "delete_bucket_tagging"),
)


class Bucket:
    """A bucket. One that holds objects cannot be deleted, as on AWS."""

    schema = Schema(
        type="AWS::S3::Bucket",
        identifier="BucketName",
        name="BucketName",
        longest_name=63,
        create_only=names("BucketName"),
        mutable=names("ObjectLockEnabled") | {setting.property for setting in SETTINGS},
        refused=names(
            """AbacStatus AnalyticsConfigurations BucketNamePrefix BucketNamespace IntelligentTieringConfigurations
            InventoryConfigurations MetadataConfiguration MetadataTableConfiguration MetricsConfigurations
            ReplicationConfiguration"""
        ),
        read_only=names("Arn DomainName DualStackDomainName RegionalDomainName WebsiteURL"),
        write_only=names("AccessControl ObjectLockEnabled"),
    )

    def make(self, context: Context, model: Model) -> Model:
        """Create the bucket without settings."""
        s3, given = context.clients.s3, model["BucketName"]
        name = re.sub(r"[^a-z0-9.-]", "-", given.lower())
        try:
            s3.head_bucket(Bucket=name)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise AlreadyThere(name) from error
        else:
            raise AlreadyThere(name)
        request: Model = {"ObjectLockEnabledForBucket": True} if _locks(model) else {}
        if "OwnershipControls" in model:
            request["ObjectOwnership"] = model["OwnershipControls"]["Rules"][0]["ObjectOwnership"]
        if context.region != "us-east-1":
            request["CreateBucketConfiguration"] = {"LocationConstraint": context.region}
        s3.create_bucket(Bucket=name, **request)
        return {"BucketName": name, **bucket_settings.addresses(name, context.region)}

    def apply(self, context: Context, model: Model, before: Properties | None) -> None:
        """Put each setting that differs."""
        s3, name = context.clients.s3, model["BucketName"]
        if before is not None and _locks(model) and not _locks(before):
            s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
        for setting in SETTINGS:
            setting.apply(s3, name, model, before)

    def remove(self, context: Context, model: Model) -> None:
        """Delete the bucket, which has to be empty."""
        context.clients.s3.delete_bucket(Bucket=model["BucketName"])

    def read(self, context: Context, model: Model, expected: Properties) -> Properties:
        """The settings that the template mentions; one that is as it asks, as it writes it."""
        s3, name = context.clients.s3, model["BucketName"]
        s3.head_bucket(Bucket=name)
        actual: Model = {
            "BucketName": name,
        }
        for setting in SETTINGS:
            if setting.property in expected:
                actual[setting.property] = setting.read(s3, name, expected[setting.property])
        return actual


class BucketPolicy:
    """The policy of a bucket."""

    schema = Schema(
        type="AWS::S3::BucketPolicy",
        identifier="Bucket",
        create_only=names("Bucket"),
        mutable=names("PolicyDocument"),
        read_only=frozenset(),
    )

    def make(self, context: Context, model: Model) -> Model:
        """A bucket has one policy."""
        try:
            context.clients.s3.get_bucket_policy(Bucket=model["Bucket"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                raise
            return {}
        raise AlreadyThere(f"the policy of bucket {model['Bucket']}")

    def apply(self, context: Context, model: Model, _before: Properties | None) -> None:
        """Put the policy."""
        context.clients.s3.put_bucket_policy(Bucket=model["Bucket"], Policy=json.dumps(model["PolicyDocument"]))

    def remove(self, context: Context, model: Model) -> None:
        """Delete the policy."""
        context.clients.s3.delete_bucket_policy(Bucket=model["Bucket"])

    def read(self, context: Context, model: Model, _expected: Properties) -> Properties:
        """The policy."""
        policy = context.clients.s3.get_bucket_policy(Bucket=model["Bucket"])["Policy"]
        return {"Bucket": model["Bucket"], "PolicyDocument": json.loads(policy)}


def _locks(model: Properties) -> bool:
    return str(model.get("ObjectLockEnabled") or "").lower() == "true"
