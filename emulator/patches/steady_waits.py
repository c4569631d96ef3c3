"""LocalStack's own waiting goes by a clock that nobody sets.

It reckons deadlines with the wall clock: where that is set back by an hour, long polls do not end for an hour, and
rules with a schedule fire a second time; where it is set forward, they are left out. What of LocalStack tells the time
to people (S3's dates, stamps of logs) stays the wall clock's.
"""

from datetime import UTC, datetime
from time import monotonic
from types import ModuleType, SimpleNamespace
from typing import Any

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.on_import import when_imported

QUEUES = "localstack.utils.scheduler"
"""What looks after the queues of SQS: once a second for what becomes visible, once in a while for receipts."""
LONG_POLLS = "localstack.services.sqs.queue"
RULES = "localstack.services.events.scheduler"
"""What looks once a minute which rules of EventBridge are due."""
SOON_S = 60
"""A rule that is due within so long is due now: LocalStack looks once a minute."""


def install() -> None:
    """Change each when it is imported."""
    when_imported(QUEUES, reckon_steadily)
    when_imported(LONG_POLLS, reckon_steadily)
    when_imported(RULES, look_steadily)


def reckon_steadily(module: ModuleType) -> None:
    """Let a module reckon with a monotonic clock. Raises TypeError where it does not reckon with `time.time`."""
    original(module, "time.time")
    replace(module, "time", SimpleNamespace(time=monotonic))


def look_steadily(module: ModuleType) -> None:
    """Let rules be due by the emulator's steady time. Raises TypeError where rules are not as they were."""
    plan = original(module, "CronTab")
    original(module, "CronTab.next", "now", "default_utc")

    def should_run_now(job: Any) -> bool:
        now = datetime.fromtimestamp(CLOCK.steady(), UTC).replace(tzinfo=None)
        delay_s = plan(job.schedule).next(now=now, default_utc=True)
        return delay_s is not None and delay_s < SOON_S

    replace(module, "Job.should_run_now", should_run_now)
