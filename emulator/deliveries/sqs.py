"""A queue that an event source mapping reads is in flight as long as a message is in it, hidden or not.

A message that is with the function, one that failed and waits for its visibility timeout, and one that is delayed
are all still in the queue: there is no moment between its send and its end at which a message is not counted.
"""

import sys
from typing import Any

from wavetank.emulator.deliveries.queue import written
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.inflight import IN_FLIGHT

HOP = "sqs.mapping"
FEEDING = ("Creating", "Enabling", "Enabled", "Updating")
"""The states of a mapping in which it takes messages, or is about to."""


def install() -> None:
    """Let a settle look into the queues from now on."""
    IN_FLIGHT.watch(HOP, probe)


def probe() -> list[Pending]:
    """The messages in the queues that feed functions; loads no service."""
    queues = sys.modules.get("localstack.services.sqs.models")
    functions = sys.modules.get("localstack.services.lambda_.invocation.models")
    if queues is None or functions is None:
        return []
    pending = []
    for _account, _region, store in functions.lambda_stores.iter_stores():
        for mapping in list(store.event_source_mappings.values()):
            source = mapping.get("EventSourceArn", "")
            if mapping.get("State") not in FEEDING or ":sqs:" not in source:
                continue
            _arn, _partition, _service, region, account, name = source.split(":")
            queue = queues.sqs_stores[account][region].queues.get(name)
            if queue is not None:
                pending += _in(queue, mapping["FunctionArn"].partition(":function:")[2])
    return pending


def _in(queue: Any, function: str) -> list[Pending]:
    with queue.mutex:
        visible = int(queue.approximate_number_of_messages)
        hidden = [message.visibility_deadline for message in queue.inflight]
        delayed = [message.created + message.delay_seconds for message in queue.delayed]
    title = f"{queue.name} for {function}"
    pending = [Pending(HOP, queue.name, f"{title}: {visible} messages")] if visible else []
    for kind, deadlines in (("hidden", hidden), ("delayed", delayed)):
        if deadlines:
            until = min(deadlines)
            what = f"{title}: {len(deadlines)} {kind} messages, not before {written(until)} emulator time"
            pending.append(Pending(HOP, queue.name, what, until))
    return pending
