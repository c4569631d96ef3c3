"""Messages that wait in a queue for an enabled event source mapping count as in flight."""

import sys
from collections.abc import Iterator
from typing import Any

from emulator.inflight import Pending

HOP = "sqs.mapping"


def probe() -> list[Pending]:
    """One entry for each queue that a mapping reads and that is not empty; loads no service."""
    pending = []
    for mapping in _mappings():
        queue = _queue(mapping["EventSourceArn"])
        number = _messages_in(queue) if queue is not None else 0
        if number:
            function = mapping["FunctionArn"].rpartition(":")[2]
            pending.append(Pending(HOP, f"{number} messages in {queue.name} for {function}"))
    return pending


def _mappings() -> Iterator[dict[str, Any]]:
    models = sys.modules.get("localstack.services.lambda_.invocation.models")
    if models is None:
        return
    for _account, _region, store in models.lambda_stores.iter_stores():
        for mapping in list(store.event_source_mappings.values()):
            if mapping.get("State") == "Enabled" and ":sqs:" in mapping.get("EventSourceArn", ""):
                yield mapping


def _queue(arn: str) -> Any:
    models = sys.modules.get("localstack.services.sqs.models")
    if models is None:
        return None
    _arn, _partition, _service, region, account, name = arn.split(":")
    return models.sqs_stores[account][region].queues.get(name)


def _messages_in(queue: Any) -> int:
    return int(
        queue.approximate_number_of_messages
        + queue.approximate_number_of_messages_not_visible
        + queue.approximate_number_of_messages_delayed
    )
