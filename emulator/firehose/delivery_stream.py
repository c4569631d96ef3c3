"""A delivery stream as its owner sees it: configuration, tags, encryption, and the parts that run it."""

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from wavetank.emulator.firehose.aws import Bucket, Function, Identity, client_for
from wavetank.emulator.firehose.buffered_delivery import BufferedDelivery, Setup
from wavetank.emulator.firehose.core.buffer import Entry
from wavetank.emulator.firehose.core.destinations import Configuration, Kind
from wavetank.emulator.firehose.core.settings import ConfigurationError
from wavetank.emulator.firehose.delivery import DIRECT_PUT_RETENTION_S, Delivery, Source
from wavetank.emulator.firehose.metrics import StreamMetrics
from wavetank.emulator.firehose.query import QueryError, check_query
from wavetank.emulator.firehose.source import KinesisSource
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.cloudwatch import Place
from wavetank.emulator.runtime.meter import METER

LOG = logging.getLogger(__name__)

DIRECT_PUT, FROM_KINESIS = "DirectPut", "KinesisStreamAsSource"

LONGEST_INTERVAL_VARIABLE = "WAVETANK_FIREHOSE_MAX_INTERVAL_S"
"""Caps every buffer interval, for clients that will not wait; the descriptions still show the hints."""

LENIENT_VARIABLE = "WAVETANK_FIREHOSE_LENIENT"
"""`0` keeps AWS's rules where the interval is capped, `1` lets requests through that AWS refuses where it is not."""


def longest_interval_s() -> float | None:
    """The cap on buffer intervals, in seconds; None where there is none."""
    text = os.environ.get(LONGEST_INTERVAL_VARIABLE)
    return float(text) if text else None


def is_lenient() -> bool:
    """Whether requests are let through that LocalStack takes and AWS refuses.

    Suites of tests written for LocalStack make some: ARNs that break a pattern, record format conversion without a
    schema, partition keys of a function that does not exist, results without a status. A capped interval is the sign of
    such a suite; a line in the log tells which request was let through.
    """
    text = os.environ.get(LENIENT_VARIABLE)
    return text == "1" if text else longest_interval_s() is not None


@dataclass
class DeliveryStream:
    """A delivery stream; made by `open`, which starts it."""

    name: str
    identity: Identity
    config: Configuration
    source_config: dict[str, Any] | None
    buffered: BufferedDelivery
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
    ) -> "DeliveryStream":
        """Start to deliver; when this returns, the position in the source is taken.

        Raises ConfigurationError for a bad destination, ClientError when the source stream cannot be read.
        """
        source_arn = source_config["KinesisStreamARN"] if source_config else None
        setup = _setup(name, identity, config, version=1, source_arn=source_arn)
        metrics = StreamMetrics(Place(identity.account, identity.region), name, METER)
        delivery = Delivery(Bucket(identity), measure=metrics.measure)
        buffered = BufferedDelivery(setup, delivery, longest_interval_s=longest_interval_s())
        metrics.oldest = buffered.oldest
        source = None
        if source_arn:
            role = str((source_config or {}).get("RoleARN") or "")
            client = client_for("kinesis", source_arn, identity, role=role)
            source = KinesisSource(client, source_arn, buffered, measure=metrics.measure)
            source.open()
            source.start()
        buffered.start()
        METER.watch(identity.arn, metrics.ages)
        return cls(
            name, identity, config, source_config=source_config, buffered=buffered, source=source, created=CLOCK.now()
        )

    def close(self) -> None:
        """Stop at once; buffered records are forgotten, as on AWS."""
        METER.unwatch(self.identity.arn)
        if self.source is not None:
            self.source.stop()
        self.buffered.stop()

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
        self.buffered.accept([Entry(item, now) for item in data])

    def update(self, kind: Kind, change: dict[str, Any]) -> None:
        """Merge a change into the configuration and use it. Raises ConfigurationError; nothing has changed then."""
        config = self.config.updated(kind, change)
        arn = self.source_config["KinesisStreamARN"] if self.source_config else None
        setup = _setup(self.name, self.identity, config, version=self.version + 1, source_arn=arn)
        self.config, self.version, self.updated = config, self.version + 1, CLOCK.now()
        self.buffered.update(setup)

    def buckets(self) -> set[str]:
        """The names of the buckets that it writes to."""
        return {arn.rpartition(":")[2] for arn in self.config.bucket_arns()}

    def pending(self) -> list[Pending]:
        """The records that are put and not at their destination yet."""
        return [*(self.source.pending() if self.source else []), *self.buffered.pending()]

    def description(self) -> dict[str, Any]:
        """DeliveryStreamDescription."""
        description: dict[str, Any] = {
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
            description["LastUpdateTimestamp"] = _time(self.updated)
        if self.source_config is None:
            description["DeliveryStreamEncryptionConfiguration"] = dict(self.encryption)
        else:
            start = {"DeliveryStartTimestamp": _time(self.created)}
            description["Source"] = {"KinesisStreamSourceDescription": self.source_config | start}
        return description


def _setup(name: str, identity: Identity, config: Configuration, *, version: int, source_arn: str | None) -> Setup:
    destination = config.settings(lenient=is_lenient())
    if is_lenient():
        try:
            config.settings(lenient=False)
        except ConfigurationError as error:
            LOG.warning("%s: taken, and refused by AWS: %s", name, error)
    if destination.processing.query is not None:
        try:
            check_query(destination.processing.query)
        except QueryError as error:
            raise ConfigurationError(f"MetadataExtractionQuery is not a valid jq program: {error}") from error
    retention_s = None if source_arn else DIRECT_PUT_RETENTION_S
    return Setup(
        destination,
        Source(name, version, Function(identity, source_arn), retention_s=retention_s, arn=identity.arn),
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
