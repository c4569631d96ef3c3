"""The work of an hour: one message for each partition of the look-back that changed; parts that came too late, aside.

Concatenators take the messages from the queue, several at once. A message that comes twice, or is out of date when it
comes, does no harm: what has to be done is found out when it is done.
"""

from typing import Any

from wavetank.pipeline.aws import calls, environment, late
from wavetank.pipeline.aws.plan import Task, plan
from wavetank.pipeline.aws.tick import hours_back, time_of
from wavetank.pipeline.errors import ServiceFault

AT_ONCE = 10
"""Messages of a SendMessageBatch call (Amazon SQS API reference)."""


def handle(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Plan the look-back before the tick; answers with the counts of partitions, planned ones and late events."""
    now = time_of(event)
    bucket, reach = environment.text("DATA_BUCKET"), environment.number("LOOK_BACK_HOURS")
    hours = list(hours_back(now, reach))
    moved = late.set_aside(bucket, min(hours)) if hours else late.NONE
    made = plan(bucket, hours, reach)
    _send(environment.text("MERGE_QUEUE_URL"), made.tasks)
    return {"partitions": made.partitions, "planned": len(made.tasks), "late": moved.events, "late_parts": moved.parts}


def _send(queue: str, tasks: list[Task]) -> None:
    batches = [tasks[start : start + AT_ONCE] for start in range(0, len(tasks), AT_ONCE)]
    for batch in batches:
        entries: Any = [{"Id": str(number), "MessageBody": task.message()} for number, task in enumerate(batch)]
        failed = calls.sqs().send_message_batch(QueueUrl=queue, Entries=entries).get("Failed", [])
        if failed:
            raise ServiceFault(f"{queue} refused {len(failed)} of {len(batch)} messages: {failed[0].get('Message')}")
