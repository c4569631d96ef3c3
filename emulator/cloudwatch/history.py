"""The history of alarms: their definitions, states and actions.

Source: Amazon CloudWatch API Reference, DescribeAlarmHistory and AlarmHistoryItem; the form of HistoryData is that of
its examples in the User Guide.
"""

import json
import threading
from collections import deque
from datetime import UTC, datetime
from typing import Any

from wavetank.emulator.cloudwatch.alarm import Alarm, MetricAlarm
from wavetank.emulator.cloudwatch.evaluator import Change

KEPT = 20_000
"""So many items are kept; AWS keeps them for 30 days."""
VERSION = "1.0"

type Item = dict[str, Any]


class History:
    """Items of all alarms, the oldest first; those of an alarm stay when it is deleted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: deque[tuple[str, str, Item]] = deque(maxlen=KEPT)

    def of(self, account: str, region: str) -> list[Item]:
        """The items of a place."""
        with self._lock:
            return [item for *place, item in self._items if place == [account, region]]

    def note_change(self, change: Change) -> None:
        """Note another state."""
        before, after = change.before["StateValue"], change.after["StateValue"]
        data = {"version": VERSION, "oldState": _state(change.before), "newState": _state(change.after)}
        self._note(change.alarm, "StateUpdate", f"Alarm updated from {before} to {after}", data, change.at)

    def note_definition(self, alarm: Alarm, what: str, at: float) -> None:
        """Note that an alarm was `created`, `updated` or `deleted`."""
        kind = {"created": "Create", "updated": "Update", "deleted": "Delete"}[what]
        configuration = {name: value for name, value in alarm.document.items() if not name.startswith("State")}
        data = {"version": VERSION, "type": kind, f"{what}Alarm": json.loads(json.dumps(configuration, default=str))}
        self._note(alarm, "ConfigurationUpdate", f'Alarm "{alarm.name}" {what}', data, at)

    def note_action(self, change: Change, action: str, message: str, error: str | None, at: float) -> None:
        """Note an action, and the error where it failed."""
        data = {
            "actionState": "Failed" if error else "Succeeded",
            "stateUpdateTimestamp": int(change.at * 1000),
            "notificationResource": action,
            "publishedMessage": json.dumps({"default": message}),
            "error": error,
        }
        result = "Failed to execute" if error else "Successfully executed"
        self._note(change.alarm, "Action", f"{result} action {action}", data, at)

    def clear(self) -> None:
        """Give up everything."""
        with self._lock:
            self._items.clear()

    def _note(self, alarm: Alarm, kind: str, summary: str, data: dict[str, Any], at: float) -> None:
        item = {
            "AlarmName": alarm.name,
            "AlarmType": "MetricAlarm" if isinstance(alarm, MetricAlarm) else "CompositeAlarm",
            "Timestamp": datetime.fromtimestamp(at, UTC),
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps(data, separators=(",", ":")),
        }
        with self._lock:
            self._items.append((alarm.account, alarm.region, item))


def _state(document: dict[str, Any]) -> dict[str, Any]:
    state = {"stateValue": document["StateValue"], "stateReason": document["StateReason"]}
    if data := document.get("StateReasonData"):
        state["stateReasonData"] = json.loads(data)
    return state


HISTORY = History()
