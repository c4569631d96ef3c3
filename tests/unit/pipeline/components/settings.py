"""A component in which every setting is another than by default, for tests that no setting may be lost on the way."""

from collections.abc import Iterator, Mapping
from typing import Any

EVERY_SETTING = """\
owner = "checkout"
partition_key = "campaign"
hash_buckets = 3
look_back_hours = 6

[tags]
cost-centre = "4711"

[stream]
shards = 3
retention_hours = 48

[processor]
memory_mib = 640
timeout_s = 90
batch_records = 50
batch_window_s = 2
parallelization = 4
reserved_concurrency = 12
give_up_hours = 20

[delivery]
buffer_mib = 7
buffer_s = 75

[expiry]
chunk_days = 3
part_days = 9

[logs]
level = "DEBUG"
retention_days = 90

[alarms]
iterator_age_minutes = 30
errors = 7
error_percent = 25
throttles = 3
duration_percent = 70
memory_percent = 60
raw_silence_minutes = 120
processed_silence_minutes = 45
consumer_off_minutes = 20
delivery_age_minutes = 25
delivery_percent = 50
untagged_chunk_minutes = 50
quarantined_per_hour = 11
late_per_hour = 5
log_bytes_per_event = 900
warn = ["arn:aws:sns:us-east-1:123456789012:mail", "checkout@example.com"]
page = ["arn:aws:sns:us-east-1:123456789012:pager", "on-call@example.com"]
"""
"""Of an event type with a field `campaign`. The mode is that of `ON_DEMAND`, as on-demand streams have no shards."""
ON_DEMAND = EVERY_SETTING.replace("shards = 3", 'mode = "on-demand"')
NOT_IN_THEM = {"stream.mode", "rules"}
"""Settings that `EVERY_SETTING` leaves as they are: the mode, and the rules, which the processor reads."""


def leaves(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting with its key, as `stream.shards`."""
    for key, value in settings.items():
        if isinstance(value, Mapping) and key != "tags":
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
