"""SQS's visibility timeouts, delays and retention go by the emulator's clock.

LocalStack looks at all queues once a second of the wall clock. Here a `Timetable` sleeps until the next message
becomes visible or expires, and a call that reads or counts a queue sees it as it is at that moment. Whenever a message
becomes visible, `QUEUE_WRITES` rings. A message in the dead-letter queue of a standard queue expires by when it was
sent, in that of a FIFO queue by when it got there.
Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html and
.../sqs-dead-letter-queues.html
"""

import logging
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import inf
from types import ModuleType, SimpleNamespace
from typing import Any

from wavetank.emulator.patches import original, replace, wrap
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.doorbell import QUEUE_WRITES
from wavetank.emulator.runtime.on_import import when_imported
from wavetank.emulator.runtime.timetable import Timetable

LOG = logging.getLogger(__name__)

MODELS = "localstack.services.sqs.models"
AGAIN_S = 1.0
"""When a queue is looked at again that could not be brought up to date."""


class _DeadLetters(threading.local):
    """The messages that this thread moves to a dead-letter queue, and when the one was sent that it moves now.

    LocalStack makes a new message of each, whose age would begin there.
    """

    received: Sequence[Any] = ()
    sent_at: float | None = None


DEAD = _DeadLetters()


def install() -> None:
    """Change SQS as soon as LocalStack loads it."""
    when_imported(MODELS, keep_emulator_time)
    when_imported("localstack.services.sqs.provider", update_in_time)


def keep_emulator_time(models: ModuleType) -> None:
    """Put the queues on the emulator's clock. Raises TypeError for other queues."""
    _set_clock(models)
    is_delayed = property(
        lambda message: bool(message.delay_seconds) and CLOCK.now() < message.created + message.delay_seconds
    )
    replace(models, "SqsMessage.is_delayed", is_delayed)
    for method, around in (
        ("SqsQueue.add_inflight_message", _hide),
        ("SqsQueue.update_visibility_timeout", _change_visibility),
        ("SqsQueue.get_queue_attributes", _up_to_date),
        ("StandardQueue.put", _put_standard),
        ("StandardQueue.receive", _receive_standard),
        ("StandardQueue._put_message", _make_visible),
        ("StandardQueue._on_remove_message", _alone),
        ("StandardQueue.clear", _alone),
        ("FifoQueue.put", _put),
        ("FifoQueue.receive", _receive),
        ("FifoQueue._put_message", _make_visible),
        ("FifoQueue.update_message_group_visibility", _make_visible),
    ):
        wrap(models, method, around)


def update_in_time(provider: ModuleType) -> None:
    """Put the service on the emulator's clock, and the timetable in the place of its worker.

    Raises TypeError for another service.
    """
    _set_clock(provider)
    replace(provider, "QueueUpdateWorker.start", lambda _self: TIMETABLE.start())
    replace(provider, "QueueUpdateWorker.stop", lambda _self: TIMETABLE.stop())


def _set_clock(module: ModuleType) -> None:
    original(module, "time.time")

    def now(millis: bool = False) -> int:
        return int(CLOCK.now() * 1000) if millis else int(CLOCK.now())

    replace(module, "time", SimpleNamespace(time=lambda: CLOCK.now() if DEAD.sent_at is None else DEAD.sent_at))
    replace(module, "now", now, "millis")


def _bring_all_up_to_date() -> float:
    """Make visible, and drop, what is due in any queue; return when the next is."""
    stores = sys.modules[MODELS].sqs_stores.iter_stores()
    queues = [queue for _account, _region, store in stores for queue in list(store.queues.values())]
    return min(map(_bring_up_to_date, queues), default=inf)


TIMETABLE = Timetable(_bring_all_up_to_date)


def _bring_up_to_date(queue: Any) -> float:
    try:
        with queue.mutex:
            queue.requeue_inflight_messages()
            queue.enqueue_delayed_messages()
            with _exclusive(queue):
                queue.remove_expired_messages()
            return _next_due(queue)
    except Exception:
        LOG.exception("queue %s could not be brought up to date", queue.name)
        return CLOCK.now() + AGAIN_S


def _next_due(queue: Any) -> float:
    hidden = [message.visibility_deadline for message in queue.inflight]
    if hasattr(queue, "message_groups"):  # in a FIFO queue what was received first returns first
        heaps = [group.messages for group in queue.message_groups.values()]
        hidden = hidden[:1]
    else:
        heaps = [queue.visible.queue]
    delayed = [message.created + message.delay_seconds for message in queue.delayed]
    expiring = [heap[0].created + queue.message_retention_period for heap in heaps if heap]
    return float(min((*hidden, *delayed, *expiring), default=inf))


def _exclusive(queue: Any) -> AbstractContextManager[Any]:
    """The lock of a standard queue's visible messages; those of a FIFO queue have its mutex."""
    return queue.visible.mutex if hasattr(queue, "visible") else nullcontext()


def _hide(fn: Callable[..., None], queue: Any, message: Any) -> None:
    with queue.mutex:
        fn(queue, message)
    TIMETABLE.expect(message.visibility_deadline)


def _change_visibility(fn: Callable[..., None], queue: Any, receipt_handle: str, visibility_timeout: int) -> None:
    fn(queue, receipt_handle, visibility_timeout)
    TIMETABLE.expect(CLOCK.now() + visibility_timeout)


def _put(fn: Callable[..., Any], queue: Any, *args: Any, **kwargs: Any) -> Any:
    with queue.mutex:
        message = fn(queue, *args, **kwargs)
        TIMETABLE.expect(message.created + (message.delay_seconds or queue.message_retention_period))
    return message


def _put_standard(fn: Callable[..., Any], queue: Any, message: Any, **kwargs: Any) -> Any:
    DEAD.sent_at = next((letter.created for letter in DEAD.received if letter.message is message), None)
    try:
        return _put(fn, queue, message, **kwargs)
    finally:
        DEAD.sent_at = None


def _receive_standard(fn: Callable[..., Any], queue: Any, *args: Any, **kwargs: Any) -> Any:
    result = _receive(fn, queue, *args, **kwargs)
    DEAD.received = result.dead_letter_messages
    return result


def _receive(fn: Callable[..., Any], queue: Any, *args: Any, **kwargs: Any) -> Any:
    TIMETABLE.catch_up()
    result = fn(queue, *args, **kwargs)
    if any(message.visibility_timeout == 0 for message in result.successful):
        QUEUE_WRITES.ring(queue.arn)
    return result


def _up_to_date(fn: Callable[..., Any], queue: Any, *args: Any, **kwargs: Any) -> Any:
    TIMETABLE.catch_up()
    return fn(queue, *args, **kwargs)


def _make_visible(fn: Callable[..., Any], queue: Any, *args: Any) -> None:
    fn(queue, *args)
    QUEUE_WRITES.ring(queue.arn)


def _alone(fn: Callable[..., Any], queue: Any, *args: Any) -> None:
    """LocalStack changes the heap of visible messages here without the lock under which they are taken from it."""
    with _exclusive(queue):
        fn(queue, *args)
