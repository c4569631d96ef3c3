"""The work of an hour: one message for each partition of the look-back that changed; parts that came too late, aside.

The look-back is that of each event type, or while an outage lasts as far as there is to catch up; what is one event is
told by the look-back in any case.

Concatenators take the messages from the queue, several at once. A message that comes twice, or is out of date when it
comes, does no harm: what has to be done is found out when it is done. While merges are among the dead letters nothing
is put aside: a part that could not be merged in time did not come too late.
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from wavetank.pipeline.aws import calls, environment, partitions, report
from wavetank.pipeline.aws.environment import hours_back, time_of
from wavetank.pipeline.aws.plan import LateParts, Plan, Task, move_to_late, plan
from wavetank.pipeline.errors import ServiceFault
from wavetank.pipeline.layout import PARTS

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import QueueAttributeNameType

AT_ONCE = 10
"""Messages of a SendMessageBatch call (Amazon SQS API reference)."""
COUNTS: "tuple[QueueAttributeNameType, ...]" = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def handle(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Plan the look-back before the tick; answers with the counts of partitions, planned ones and late events.

    `dead`: merges that were given up and nobody has looked after yet.
    """
    now = time_of(event)
    bucket, lines = environment.text("DATA_BUCKET"), dict[str, report.Fields]()
    with ExitStack() as written:
        whole = written.enter_context(report.invocation())
        whole["dead"] = dead = _messages(environment.text("DEAD_MERGE_QUEUE_URL"))
        plans = []
        for event_type in partitions.event_types(bucket, PARTS):
            line = lines[event_type] = written.enter_context(report.invocation(event_type))
            reach = environment.number_of("LOOK_BACK_HOURS", event_type)
            hours = list(hours_back(now, max(reach, environment.number_of("CATCH_UP_HOURS", event_type))))
            moved = move_to_late(bucket, event_type, min(hours)) if hours and not dead else LateParts()
            line |= {"late": moved.events, "late_parts": moved.parts, "planned": 0}
            plans.append(plan(bucket, event_type, hours, reach))
        planned = Plan.joined(plans)
        for tasks in itertools.batched(planned.tasks, AT_ONCE, strict=False):
            _send(environment.text("MERGE_QUEUE_URL"), tasks)
            for event_type, sent in Counter(task.partition.event_type for task in tasks).items():
                lines[event_type]["planned"] = int(lines[event_type]["planned"]) + sent
    counts = {name: sum(int(line[name]) for line in lines.values()) for name in ("planned", "late", "late_parts")}
    return {"partitions": planned.partitions, **counts, "dead": dead}


def _send(queue: str, tasks: Sequence[Task]) -> None:
    """Queue tasks, as many as a call takes. Raises ServiceFault where one is refused."""
    entries: Any = [{"Id": str(number), "MessageBody": task.message()} for number, task in enumerate(tasks)]
    failed = calls.sqs().send_message_batch(QueueUrl=queue, Entries=entries).get("Failed", [])
    if failed:
        raise ServiceFault(f"{queue} refused {len(failed)} of {len(tasks)} messages: {failed[0].get('Message')}")


def _messages(queue: str) -> int:
    """The number of messages in a queue, those that somebody looks at included."""
    attributes = calls.sqs().get_queue_attributes(QueueUrl=queue, AttributeNames=list(COUNTS))["Attributes"]
    return sum(int(attributes[name]) for name in COUNTS)
