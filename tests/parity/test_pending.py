"""What a fault holds back says whose it is and until when, at every point where a fault can do that."""

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.parity import event_source_kit, queue_source_kit
from tests.parity.event_source_kit import until
from tests.parity.test_faults import Chain
from wavetank.emulator.faults.points import POINTS
from wavetank.emulator.pending import Pending
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

DELAY_S = 20.0
"""Less than the time-out of the functions."""
SETTLE_S = 60.0


@dataclass(frozen=True)
class Ways:
    """A bucket that notifies a topic, and a stream and a queue with a function each."""

    stack: EmbeddedStack
    chain: Chain
    stream: event_source_kit.Fixture
    queue: queue_source_kit.Fixture
    clients: ThreadPoolExecutor

    def name_at(self, point: str) -> str:
        """The name of what a fault at the point is set for."""
        names = {"s3.notification": self.chain.name, "sns.delivery": self.chain.name, "sqs.delivery": self.queue.name}
        return names.get(point, self.stream.name)

    def call(self) -> None:
        """Make a call that takes its time."""
        self.clients.submit(self.stream.put, "from a client")


@pytest.fixture(scope="module")
def ways(stack: EmbeddedStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    folder: Path = tmp_path_factory.mktemp("pending")
    stream, queue = event_source_kit.Fixture(stack, folder), queue_source_kit.Fixture(stack, folder)
    for made in (stream, queue):
        made.function()
        made.map()
    with ThreadPoolExecutor(1) as clients:
        yield Ways(stack, Chain(stack, f"pending-{uuid.uuid4().hex[:8]}").build(), stream, queue, clients)
    stream.remove()
    queue.remove()


Begin = Callable[[Ways], object]
HELD: dict[tuple[str, str], tuple[str, Begin]] = {
    ("s3.notification", "delay"): ("bucket", lambda ways: ways.chain.put("a")),
    ("sns.delivery", "delay"): ("topic", lambda ways: ways.chain.put("b")),
    ("sqs.delivery", "delay"): ("queue", lambda ways: ways.queue.send("m")),
    ("kinesis.get", "delay"): ("stream", lambda ways: ways.stream.put("r")),
    ("esm.batch", "delay"): ("stream", lambda ways: ways.stream.put("r")),
    ("lambda.invoke", "slow"): ("function", lambda ways: ways.stream.put("r")),
    ("lambda.async", "delay"): (
        "function",
        lambda ways: ways.stream.functions.invoke(
            FunctionName=ways.stream.name, InvocationType="Event", Payload=json.dumps({"Records": []})
        ),
    ),
    ("aws.call", "delay"): ("resource", Ways.call),
}
"""Point and action → the field by which the fault is set for what is ours, and what it strikes."""


def test_each_way_of_holding_back_is_tried() -> None:
    actions = (
        (point.name, str(action), effect) for point in POINTS.values() for action, effect in point.actions.items()
    )
    assert set(HELD) == {
        (point, action) for point, action, effect in actions if "delay_s" in {given.name for given in effect.parameters}
    }


@pytest.mark.parametrize(("point", "action"), list(HELD))
def test_what_is_held_back_says_whose_it_is_and_until_when(ways: Ways, point: str, action: str) -> None:
    field, begin = HELD[point, action]
    control, name = ways.stack.control, ways.name_at(point)
    document = {"match": {field: name}, "when": {"nth": 1}, "parameters": {"delay_s": DELAY_S}}
    control.add_fault({"point": point, "action": action, **document})
    held = list[Pending]()

    def is_held() -> bool:
        held[:] = [item for item in control.pending(0) if item.by_fault]
        return bool(held)

    began = control.now()
    begin(ways)
    until(is_held)
    [item] = held
    # A call of a client is nobody's.
    assert (item.hop, item.resource) == (point, "" if point == "aws.call" else name)
    assert item.waits(began)
    assert item.until == pytest.approx(began + DELAY_S, abs=10)
    control.clear_faults()
    control.advance_clock(DELAY_S)
    ways.stack.settle(SETTLE_S)
