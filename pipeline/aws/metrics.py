"""Metrics of the pipeline's own, written to the function's log in the Embedded Metric Format: no call, and no right.

Source: CloudWatch user guide, "Specification: Embedded metric format".
"""

import json
import sys
import time
from collections.abc import Mapping

NAMESPACE, DROPPED = "wavetank", "Dropped"
EVENT_TYPE, REASON = "EventType", "Reason"


def count_dropped(event_type: str, dropped: Mapping[str, int]) -> None:
    """Tell how many events were dropped on purpose, by reason: a line of the log, and a metric, for each."""
    for reason, number in dropped.items():
        metrics = {
            "Namespace": NAMESPACE,
            "Dimensions": [[EVENT_TYPE, REASON]],
            "Metrics": [{"Name": DROPPED, "Unit": "Count"}],
        }
        about = {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [metrics]}
        line = {"_aws": about, EVENT_TYPE: event_type, REASON: reason, DROPPED: number}
        sys.stdout.write(json.dumps(line) + "\n")
