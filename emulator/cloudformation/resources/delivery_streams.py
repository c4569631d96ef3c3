"""`AWS::KinesisFirehose::DeliveryStream`."""

from typing import Any

from wavetank.emulator.cloudformation.resource import (
    Context,
    Model,
    Properties,
    Refused,
    Schema,
    names,
    retag,
    tag_list,
    tags_from,
    tags_of,
    wait_until,
    wait_until_gone,
)

DESTINATIONS = {
    "ExtendedS3DestinationConfiguration": "ExtendedS3DestinationUpdate",
    "HttpEndpointDestinationConfiguration": "HttpEndpointDestinationUpdate",
    "S3DestinationConfiguration": "S3DestinationUpdate",
}
"""Property → the parameter of UpdateDestination."""
S3_DEFAULTS = {
    "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
    "CloudWatchLoggingOptions": {"Enabled": False},
    "CompressionFormat": "UNCOMPRESSED",
    "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
    "ErrorOutputPrefix": "",
    "Prefix": "",
}
EXTENDED_DEFAULTS = {
    "CustomTimeZone": "UTC",
    "FileExtension": "",
    "ProcessingConfiguration": {"Enabled": False},
    "S3BackupMode": "Disabled",
}
"""What a removed setting becomes; UpdateDestination would keep it (Firehose API reference)."""
BACKUP = {"S3BackupConfiguration": "S3BackupUpdate", "S3Configuration": "S3Update"}
"""S3 settings within a destination → their name in UpdateDestination."""

CONFIGURATIONS = {"S3BackupDescription": "S3BackupConfiguration", "S3DestinationDescription": "S3Configuration"}
"""Parts of a destination's description → their name in its configuration."""


class DeliveryStream:
    """A Firehose stream."""

    schema = Schema(
        type="AWS::KinesisFirehose::DeliveryStream",
        identifier="DeliveryStreamName",
        name="DeliveryStreamName",
        create_only=names("DeliveryStreamName DeliveryStreamType KinesisStreamSourceConfiguration"),
        mutable=names("DeliveryStreamEncryptionConfigurationInput Tags") | DESTINATIONS.keys(),
        refused=names(
            """AmazonOpenSearchServerlessDestinationConfiguration AmazonopensearchserviceDestinationConfiguration
            DatabaseSourceConfiguration DirectPutSourceConfiguration ElasticsearchDestinationConfiguration
            IcebergDestinationConfiguration MSKSourceConfiguration RedshiftDestinationConfiguration
            SnowflakeDestinationConfiguration SplunkDestinationConfiguration"""
        ),
        read_only=names("Arn"),
        newer={"ExtendedS3DestinationConfiguration": names("CustomTimeZone FileExtension")},
    )

    def make(self, context: Context, model: Model) -> Model:
        """Create the stream and wait until it is active."""
        firehose, name = context.clients.firehose, model["DeliveryStreamName"]
        request = {key: model[key] for key in self.schema.supported & model.keys()}
        arn = firehose.create_delivery_stream(**request)["DeliveryStreamARN"]
        wait_until(lambda: self._described(firehose, name)["DeliveryStreamStatus"] != "CREATING", f"ACTIVE of {name}")
        status = self._described(firehose, name)["DeliveryStreamStatus"]
        if status != "ACTIVE":
            firehose.delete_delivery_stream(DeliveryStreamName=name)
            raise Refused(f"{name} became {status}")
        return {"Arn": arn}

    def apply(self, context: Context, model: Model, before: Properties | None) -> None:
        """Update the destination, the encryption and the tags of a stream that was there before."""
        if before is None:
            return
        firehose, name = context.clients.firehose, model["DeliveryStreamName"]
        described = self._described(firehose, name)
        self._update_destination(firehose, described, model, before)
        encryption = model.get("DeliveryStreamEncryptionConfigurationInput")
        if encryption and encryption != before.get("DeliveryStreamEncryptionConfigurationInput"):
            firehose.start_delivery_stream_encryption(
                DeliveryStreamName=name, DeliveryStreamEncryptionConfigurationInput=encryption
            )
        elif (
            not encryption and (described.get("DeliveryStreamEncryptionConfiguration") or {}).get("Status") == "ENABLED"
        ):
            firehose.stop_delivery_stream_encryption(DeliveryStreamName=name)
        retag(
            tags_of(model),
            tags_from(firehose.list_tags_for_delivery_stream(DeliveryStreamName=name)["Tags"]),
            tag=lambda tags: firehose.tag_delivery_stream(DeliveryStreamName=name, Tags=tag_list(tags)),
            untag=lambda keys: firehose.untag_delivery_stream(DeliveryStreamName=name, TagKeys=keys),
        )

    def remove(self, context: Context, model: Model) -> None:
        """Delete the stream and wait until it is gone."""
        firehose, name = context.clients.firehose, model["DeliveryStreamName"]
        firehose.delete_delivery_stream(DeliveryStreamName=name)
        wait_until_gone(lambda: self._described(firehose, name), firehose.exceptions.ResourceNotFoundException, name)

    def read(self, context: Context, model: Model, expected: Properties) -> Properties:
        """The stream and its destination as DescribeDeliveryStream shows them."""
        firehose, name = context.clients.firehose, model["DeliveryStreamName"]
        described = self._described(firehose, name)
        [destination] = described["Destinations"]
        for kind in DESTINATIONS.keys() & expected.keys():
            shown = destination.get(kind.replace("Configuration", "Description")) or {}
            described[kind] = {CONFIGURATIONS.get(name, name): value for name, value in shown.items()}
        source = (described.get("Source") or {}).get("KinesisStreamSourceDescription") or {}
        described["KinesisStreamSourceConfiguration"] = source
        described["DeliveryStreamEncryptionConfigurationInput"] = described.get("DeliveryStreamEncryptionConfiguration")
        if "Tags" in expected:
            described["Tags"] = firehose.list_tags_for_delivery_stream(DeliveryStreamName=name)["Tags"]
        return described

    def _update_destination(self, firehose: Any, described: Model, model: Model, before: Properties) -> None:
        kind = next((name for name in DESTINATIONS if name in model), None)
        if kind is None:
            raise Refused("a delivery stream needs a destination")
        if model[kind] == before.get(kind):
            return
        there = "HttpEndpointDestinationDescription" in described["Destinations"][0]
        if there != kind.startswith("Http"):
            raise Refused("the destination of a delivery stream cannot be changed to one of another kind")
        firehose.update_destination(
            DeliveryStreamName=model["DeliveryStreamName"],
            CurrentDeliveryStreamVersionId=described["VersionId"],
            DestinationId=described["Destinations"][0]["DestinationId"],
            **{DESTINATIONS[kind]: update_of(kind, model[kind])},
        )

    def _described(self, firehose: Any, name: str) -> Model:
        return dict(firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"])


def update_of(kind: str, config: Properties) -> Model:
    """A destination as UpdateDestination takes it, with everything that the template does not set at its default."""
    update = {BACKUP.get(name, name): value for name, value in config.items()}
    if "S3" in kind:
        update = S3_DEFAULTS | (EXTENDED_DEFAULTS if kind.startswith("Extended") else {}) | update
    for name in BACKUP.values() & update.keys():
        update[name] = S3_DEFAULTS | update[name]
    return update
