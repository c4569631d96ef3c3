"""The retention of log groups: the removal of events that are older (`control_api.life_cycle` says when).

Source: CloudWatch Logs API reference, PutRetentionPolicy. AWS deletes such events within 72 hours; streams stay.
"""

import sys
from datetime import datetime
from typing import Any

DAY_MS = 86_400_000
MODELS = "moto.logs.models"


def remove_all(now: datetime) -> None:
    """Remove the events that are past the retention of their groups by now."""
    models = sys.modules.get(MODELS)
    if models is None:
        # No log was written yet.
        return
    for backends in list(models.logs_backends.values()):
        for backend in list(backends.values()):
            for group in list(backend.groups.values()):
                if group.retention_in_days:
                    _remove(group, int(now.timestamp() * 1000) - group.retention_in_days * DAY_MS)


def _remove(group: Any, oldest_ms: int) -> None:
    for stream in list(group.streams.values()):
        events = list(stream.events)
        kept = [event for event in events if event.timestamp >= oldest_ms]
        # In place, and no further than was looked: who writes at the moment adds to this list.
        stream.events[: len(events)] = kept
        stream.stored_bytes -= sum(len(event.message) for event in events) - sum(len(event.message) for event in kept)
