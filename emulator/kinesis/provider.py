"""The provider of Kinesis Data Streams: LocalStack's API of the service, answered in process."""

from localstack.aws.api.kinesis import KinesisApi
from localstack.services.plugins import ServiceLifecycleHook
from localstack.state import StateVisitor

from wavetank.emulator.authority import streams
from wavetank.emulator.kinesis import metrics
from wavetank.emulator.kinesis.model.position import stream_arn
from wavetank.emulator.kinesis.operations.consumers import ConsumerOperations
from wavetank.emulator.kinesis.operations.reading import ReadOperations
from wavetank.emulator.kinesis.operations.settings import SettingOperations
from wavetank.emulator.kinesis.operations.shards import ShardOperations
from wavetank.emulator.kinesis.operations.streams import StreamOperations
from wavetank.emulator.kinesis.operations.tags import TagOperations
from wavetank.emulator.kinesis.operations.writing import WriteOperations
from wavetank.emulator.kinesis.store import STORES, all_streams
from wavetank.emulator.kinesis.subscription import SUBSCRIPTIONS
from wavetank.emulator.runtime.batcher import Reporter
from wavetank.emulator.runtime.reset import RESET

METRICS_HOP = "kinesis.metrics"


class KinesisProvider(
    ConsumerOperations,
    ReadOperations,
    SettingOperations,
    ShardOperations,
    StreamOperations,
    TagOperations,
    WriteOperations,
    KinesisApi,
    ServiceLifecycleHook,
):
    """The service: its operations are those of its bases, its life cycle is here."""

    def __init__(self) -> None:
        self._metrics = Reporter(METRICS_HOP, metrics.can_be_sent, metrics.send)

    def on_before_start(self) -> None:
        """Begin to send metrics."""
        self._metrics.start()
        streams.tell_by(stream_arn)
        RESET.enrol("kinesis", _discard)

    def on_before_stop(self) -> None:
        """End the subscriptions, which would keep the gateway from stopping, and the metrics."""
        SUBSCRIPTIONS.end()
        self._metrics.stop()

    def accept_state_visitor(self, visitor: StateVisitor) -> None:
        """Show LocalStack where the state is."""
        visitor.visit(STORES)


def _discard() -> None:
    """Drop every record; shards stay, and with them every reader's place."""
    for stream in all_streams():
        with stream.lock:
            stream.discard()
