"""The work of an hour: one message for each partition of the look-back that changed; parts that came too late, aside.

The look-back is that of each event type.

Concatenators take the messages from the queue, several at once. A message that comes twice, or is out of date when it
comes, does no harm: what has to be done is found out when it is done. While merges are among the dead letters nothing
is put aside: a part that could not be merged in time did not come too late.
"""

from typing import TYPE_CHECKING, Any

from wavetank.pipeline.aws import calls, environment, partitions
from wavetank.pipeline.aws.environment import hours_back, time_of
from wavetank.pipeline.aws.plan import LateParts, Plan, move_to_late, plan
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
    bucket, dead = environment.text("DATA_BUCKET"), _messages(environment.text("DEAD_MERGE_QUEUE_URL"))
    moved, plans = LateParts(), []
    for event_type in partitions.event_types(bucket, PARTS):
        reach = environment.number_of("LOOK_BACK_HOURS", event_type)
        hours = list(hours_back(now, reach))
        if hours and not dead:
            moved += move_to_late(bucket, event_type, min(hours))
        plans.append(plan(bucket, event_type, hours, reach))
    planned = Plan.joined(plans)
    queue, tasks = environment.text("MERGE_QUEUE_URL"), planned.tasks
    for start in range(0, len(tasks), AT_ONCE):
        batch = tasks[start : start + AT_ONCE]
        entries: Any = [{"Id": str(number), "MessageBody": task.message()} for number, task in enumerate(batch)]
        failed = calls.sqs().send_message_batch(QueueUrl=queue, Entries=entries).get("Failed", [])
        if failed:
            raise ServiceFault(f"{queue} refused {len(failed)} of {len(batch)} messages: {failed[0].get('Message')}")
    return {
        "partitions": planned.partitions,
        "planned": len(tasks),
        "late": moved.events,
        "late_parts": moved.parts,
        "dead": dead,
    }


def _messages(queue: str) -> int:
    """The number of messages in a queue, those that somebody looks at included."""
    attributes = calls.sqs().get_queue_attributes(QueueUrl=queue, AttributeNames=list(COUNTS))["Attributes"]
    return sum(int(attributes[name]) for name in COUNTS)
