"""A delivery stream as its owner sees it: configuration, tags, encryption, and the parts that run it."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from wavetank.emulator.firehose.aws import Bucket, Function, Identity, client_for
from wavetank.emulator.firehose.core.buffer import Entry
from wavetank.emulator.firehose.core.destinations import Configuration, Kind
from wavetank.emulator.firehose.core.settings import ConfigurationError
from wavetank.emulator.firehose.delivery import DIRECT_PUT_RETENTION_S, Delivery, Source
from wavetank.emulator.firehose.query import QueryError, check_query
from wavetank.emulator.firehose.source import KinesisSource
from wavetank.emulator.firehose.stream import DeliveryStream, Setup
from wavetank.emulator.firehose.suites import is_lenient, longest_interval_s
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.clock import CLOCK

LOG = logging.getLogger(__name__)

DIRECT_PUT, FROM_KINESIS = "DirectPut", "KinesisStreamAsSource"


@dataclass
class Hose:
    """One delivery stream; made by `open`, which starts it."""

    name: str
    identity: Identity
    config: Configuration
    source_config: dict[str, Any] | None
    stream: DeliveryStream
    source: KinesisSource | None
    created: float
    tags: dict[str, str] = field(default_factory=dict)
    encryption: dict[str, Any] = field(default_factory=lambda: {"Status": "DISABLED"})
    version: int = 1
    updated: float | None = None

    @classmethod
    def open(
        cls,
        name: str,
        identity: Identity,
        config: Configuration,
        *,
        source_config: dict[str, Any] | None,
    ) -> "Hose":
        """Start to deliver; when this returns, the position in the source is taken.

        Raises ConfigurationError for a bad destination, ClientError when the source stream cannot be read.
        """
        source_arn = source_config["KinesisStreamARN"] if source_config else None
        setup = _setup(name, 1, identity, config, source_arn)
        stream = DeliveryStream(setup, Delivery(Bucket(identity)), longest_interval_s=longest_interval_s())
        source = None
        if source_arn:
            source = KinesisSource(client_for("kinesis", source_arn, identity), source_arn, stream)
            source.open()
            source.start()
        stream.start()
        return cls(name, identity, config, source_config, stream, source, CLOCK.now())

    def close(self) -> None:
        """Stop at once; what is buffered is forgotten, as on AWS."""
        if self.source is not None:
            self.source.stop()
        self.stream.stop()

    @property
    def type(self) -> str:
        """DeliveryStreamType."""
        return DIRECT_PUT if self.source_config is None else FROM_KINESIS

    @property
    def encrypted(self) -> bool:
        """Whether direct puts are encrypted at rest."""
        return bool(self.encryption["Status"] == "ENABLED")

    def put(self, data: Iterable[bytes]) -> None:
        """Take direct puts."""
        now = CLOCK.now()
        self.stream.accept([Entry(item, now) for item in data])

    def update(self, kind: Kind, change: dict[str, Any]) -> None:
        """Merge a change into the configuration and use it. Raises ConfigurationError; nothing has changed then."""
        config = self.config.updated(kind, change)
        arn = self.source_config["KinesisStreamARN"] if self.source_config else None
        setup = _setup(self.name, self.version + 1, self.identity, config, arn)
        self.config, self.version, self.updated = config, self.version + 1, CLOCK.now()
        self.stream.update(setup)

    def buckets(self) -> set[str]:
        """The names of the buckets that it writes to."""
        return {arn.rpartition(":")[2] for arn in self.config.bucket_arns()}

    def pending(self) -> list[Pending]:
        """What is put and not at its destination yet."""
        return [*(self.source.pending() if self.source else []), *self.stream.pending()]

    def description(self) -> dict[str, Any]:
        """DeliveryStreamDescription."""
        found: dict[str, Any] = {
            "DeliveryStreamName": self.name,
            "DeliveryStreamARN": self.identity.arn,
            "DeliveryStreamStatus": "ACTIVE",
            "DeliveryStreamType": self.type,
            "VersionId": str(self.version),
            "CreateTimestamp": _time(self.created),
            "Destinations": [self.config.description()],
            "HasMoreDestinations": False,
        }
        if self.updated is not None:
            found["LastUpdateTimestamp"] = _time(self.updated)
        if self.source_config is None:
            found["DeliveryStreamEncryptionConfiguration"] = dict(self.encryption)
        else:
            start = {"DeliveryStartTimestamp": _time(self.created)}
            found["Source"] = {"KinesisStreamSourceDescription": self.source_config | start}
        return found


def _setup(name: str, version: int, identity: Identity, config: Configuration, source_arn: str | None) -> Setup:
    destination = config.settings(lenient=is_lenient())
    if is_lenient():
        _warn_of_liberties(name, config)
    if destination.processing.query is not None:
        try:
            check_query(destination.processing.query)
        except QueryError as error:
            raise ConfigurationError(f"MetadataExtractionQuery is not a valid jq program: {error}") from error
    retention_s = None if source_arn else DIRECT_PUT_RETENTION_S
    return Setup(destination, Source(name, version, Function(identity, source_arn), retention_s, identity.arn))


def _warn_of_liberties(name: str, config: Configuration) -> None:
    try:
        config.settings(lenient=False)
    except ConfigurationError as error:
        LOG.warning("%s: taken, and refused by AWS: %s", name, error)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
