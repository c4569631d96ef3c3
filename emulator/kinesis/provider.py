"""The Kinesis Data Streams provider: LocalStack's API, answered in process."""

from localstack.aws.api.kinesis import KinesisApi
from localstack.services.plugins import ServiceLifecycleHook
from localstack.state import StateVisitor

from emulator.kinesis import cloudwatch
from emulator.kinesis.metrics import METER
from emulator.kinesis.operations.consumers import ConsumerOperations
from emulator.kinesis.operations.reading import ReadOperations
from emulator.kinesis.operations.settings import SettingOperations
from emulator.kinesis.operations.shards import ShardOperations
from emulator.kinesis.operations.streams import StreamOperations
from emulator.kinesis.operations.tags import TagOperations
from emulator.kinesis.operations.writing import WriteOperations
from emulator.kinesis.store import STORES, all_streams
from emulator.kinesis.subscription import SUBSCRIPTIONS
from emulator.runtime.reporter import Reporter
from emulator.runtime.reset import RESET

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
    """Every operation of the API is one of its bases'; this adds the life cycle."""

    def __init__(self) -> None:
        self._metrics = Reporter(METRICS_HOP, _metrics_can_be_sent, lambda: cloudwatch.send(METER.take()))

    def on_before_start(self) -> None:
        """Begin to send metrics."""
        self._metrics.start()
        RESET.enrol("kinesis", _discard)

    def on_before_stop(self) -> None:
        """End the subscriptions, which would hold the gateway up, and the metrics."""
        SUBSCRIPTIONS.end()
        self._metrics.stop()

    def accept_state_visitor(self, visitor: StateVisitor) -> None:
        """Show LocalStack where the state is."""
        visitor.visit(STORES)


def _discard() -> None:
    """Let go of every record; shards stay, and with them every reader's place."""
    for stream in all_streams():
        with stream.lock:
            stream.discard()


def _metrics_can_be_sent() -> bool:
    return METER.is_waiting() and cloudwatch.is_running()
