"""An alarm as a value, and as CloudFormation writes it: on a metric, on metric math, or on the states of others.

Limits: an alarm has ten metrics at most, a name of 255 characters and a description of 1,024 (CloudWatch API reference,
"PutMetricAlarm"); a composite one names 100 others at most ("PutCompositeAlarm").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

RUNBOOK = "docs/runbook.md"


class Severity(StrEnum):
    """How soon somebody has to look: on the next working day, or at once."""

    WARN = "warn"
    PAGE = "page"


class Kind(StrEnum):
    """What an alarm is about: the end of its name, and its entry in the runbook."""

    BEHIND = "behind"
    ERRORS = "errors"
    ERROR_RATE = "error-rate"
    THROTTLES = "throttles"
    SLOW = "slow"
    MEMORY = "memory"
    DEBUG_LOGS = "debug-logs"
    DATA_STOPPED = "data-stopped"
    RAW_SILENT = "raw-silent"
    PROCESSED_SILENT = "processed-silent"
    CONSUMER_OFF = "consumer-off"
    DELIVERY_BEHIND = "delivery-behind"
    DELIVERY_FAILED = "delivery-failed"
    CHUNKS_WAITING = "chunks-waiting"
    QUARANTINE = "quarantine"
    LATE = "late"
    REFERENCE_MISSES = "reference-misses"
    MISSED_TICK = "missed-tick"
    MERGES_WAITING = "merges-waiting"
    MERGES_DEAD = "merges-dead"
    REFERENCE_STALE = "reference-stale"
    DUMP_REFUSED = "dump-refused"


class Comparison(StrEnum):
    """How the value of a period compares to the threshold when it breaches."""

    GREATER = "GreaterThanThreshold"
    LESS = "LessThanThreshold"


class Missing(StrEnum):
    """How a period without a value counts (CloudWatch user guide, "Configuring how alarms treat missing data")."""

    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


@dataclass(frozen=True, slots=True)
class Series:
    """A metric under its dimensions, and the statistic that makes one value of a period."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str = "Sum"

    @property
    def metric(self) -> dict[str, Any]:
        """The metric as CloudWatch names it."""
        dimensions = [{"Name": str(name), "Value": value} for name, value in self.dimensions.items()]
        return {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions}


@dataclass(frozen=True, slots=True)
class Window:
    """Periods that have to breach one after another."""

    period_s: int
    periods: int


@dataclass(frozen=True, slots=True)
class Words:
    """What an alarm says to people: what it means, what to look at first, and the command that shows it."""

    meaning: str
    look: str
    command: str

    def __str__(self) -> str:
        return f"{self.meaning} Look first at {self.look}: {self.command}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm on one series, or on an expression over several by their ids.

    severity: None for a part of a composite alarm, which tells nobody by itself.
    """

    name: str
    kind: Kind
    words: Words
    series: Mapping[str, Series]
    window: Window
    threshold: float
    expression: str = ""
    comparison: Comparison = Comparison.GREATER
    missing: Missing = Missing.NOT_BREACHING
    severity: Severity | None = Severity.WARN

    def resource(self, actions: Sequence[Any]) -> dict[str, Any]:
        """The resource, which tells `actions`."""
        common = {
            "AlarmName": self.name,
            "AlarmDescription": f"{self.words} ({RUNBOOK}#{self.kind})",
            "EvaluationPeriods": self.window.periods,
            "Threshold": self.threshold,
            "ComparisonOperator": self.comparison.value,
            "TreatMissingData": self.missing.value,
            **_told(actions, self.severity),
        }
        if not self.expression:
            (series,) = self.series.values()
            watched: dict[str, Any] = {
                **series.metric,
                "Statistic": str(series.statistic),
                "Period": self.window.period_s,
            }
        else:
            stats = [
                {
                    "Id": name,
                    "MetricStat": {
                        "Metric": each.metric,
                        "Period": self.window.period_s,
                        "Stat": str(each.statistic),
                    },
                    "ReturnData": False,
                }
                for name, each in self.series.items()
            ]
            watched = {"Metrics": [{"Id": "value", "Expression": self.expression, "ReturnData": True}, *stats]}
        return {"Type": "AWS::CloudWatch::Alarm", "Properties": common | watched}


@dataclass(frozen=True, slots=True)
class Composite:
    """An alarm that rings while any of its parts does, which tell nobody: one outage is told once."""

    name: str
    kind: Kind
    words: Words
    parts: Mapping[str, Alarm]
    """By logical id."""
    severity: Severity = Severity.PAGE

    def resource(self, actions: Sequence[Any]) -> dict[str, Any]:
        """The resource, which tells `actions`. Its parts have to be there before it."""
        return {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "DependsOn": list(self.parts),
            "Properties": {
                "AlarmName": self.name,
                "AlarmDescription": f"{self.words} ({RUNBOOK}#{self.kind})",
                "AlarmRule": " OR ".join(f'ALARM("{part.name}")' for part in self.parts.values()),
                **_told(actions, self.severity),
            },
        }


def _told(actions: Sequence[Any], severity: Severity | None) -> dict[str, Any]:
    """Whom a change of state is told; who was paged is told as well that it is over."""
    if severity is None:
        return {}
    over = {"OKActions": list(actions)} if severity is Severity.PAGE else {}
    return {"AlarmActions": list(actions), **over}
