"""The reasons of an alarm's state, for people (StateReason) and for programs (StateReasonData).

Their form is that of the examples in the Amazon CloudWatch User Guide, "Alarm events and EventBridge".
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wavetank.emulator.cloudwatch.core.verdict import Condition, State, Verdict

_COMPARED = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_TREATED = {"breaching": "Breaching", "notBreaching": "NonBreaching", "missing": "Missing", "ignore": "Ignore"}
CREATED = "Unchecked: Initial alarm creation"


@dataclass(frozen=True)
class Datapoint:
    """A datapoint that an alarm looked at: the beginning of its period, value and number of samples, where known."""

    at: float
    value: float | None = None
    samples: float | None = None


def stamp(at: float) -> str:
    """A time as CloudWatch writes it in events and reasons: `2019-10-02T17:04:40.985+0000`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def reason(condition: Condition, verdict: Verdict, datapoints: Sequence[Datapoint], before: State, given: bool) -> str:
    """The sentence that says why an alarm has changed its state; `given`: DatapointsToAlarm was."""
    if verdict.state is State.INSUFFICIENT_DATA:
        number = condition.periods
        return f"Insufficient Data: {_number(number, 'datapoint')} {'was' if number == 1 else 'were'} unknown."
    rings = verdict.state is State.ALARM
    shown = [datapoints[place] for place in verdict.deciding if condition.breaches(_value(datapoints[place])) is rings]
    treated = _TREATED[condition.missing]
    if not shown:
        received = f"no datapoints were received for {_number(condition.periods, 'period')} and "
        lack = "" if verdict.deciding else received
        return f"Threshold Crossed: {lack}{_filled(verdict.filled)} treated as [{treated}]."
    listed = ", ".join(f"{each.value} ({_date(each.at)})" for each in shown)
    counted = f"{len(shown)} out of the last {condition.periods} datapoints" if given else ""
    text = (
        f"Threshold Crossed: {counted or _number(len(shown), 'datapoint')} [{listed}] "
        f"{'was' if len(shown) == 1 else 'were'} {'' if rings else 'not '}{_COMPARED[condition.comparison]} "
        f"the threshold ({condition.threshold})"
    )
    if verdict.filled and condition.missing.value in ("breaching", "notBreaching"):
        text += f" and {_filled(verdict.filled)} treated as [{treated}]"
    if given and verdict.state is not None:
        needed = condition.datapoints if rings else condition.periods - condition.datapoints + 1
        text += f" (minimum {_number(needed, 'datapoint')} for {before} -> {verdict.state} transition)"
    return f"{text}."


def reason_data(
    condition: Condition,
    verdict: Verdict,
    datapoints: Sequence[Datapoint],
    now: float,
    **described: Any,
) -> str:
    """What an alarm's state was made of, as JSON; `described`: unit, statistic and period, where it has them."""
    deciding = [datapoints[place] for place in verdict.deciding]
    missing = [each for each in reversed(datapoints) if each.value is None][: verdict.filled]
    evaluated = sorted([*deciding, *missing], key=lambda each: each.at, reverse=True)
    oldest = min((each.at for each in deciding), default=None)
    data = {
        "version": "1.0",
        "queryDate": stamp(now),
        **({"startDate": stamp(oldest)} if oldest is not None else {}),
        **{name: value for name, value in described.items() if value is not None},
        "recentDatapoints": [each.value for each in reversed(deciding)],
        "threshold": condition.threshold,
        "evaluatedDatapoints": [_described(each) for each in evaluated],
    }
    return json.dumps(data, separators=(",", ":"))


def _value(datapoint: Datapoint) -> float:
    assert datapoint.value is not None
    return datapoint.value


def triggers(children: Iterable[Mapping[str, Any]]) -> str:
    """The alarms that made a composite alarm change, in the fields of DescribeAlarms, as JSON."""
    listed = [
        {
            "arn": child["AlarmArn"],
            "state": {"value": child["StateValue"], "timestamp": stamp(child["StateUpdatedTimestamp"].timestamp())},
        }
        for child in children
    ]
    return json.dumps({"triggeringAlarms": listed}, separators=(",", ":"))


def _described(datapoint: Datapoint) -> dict[str, Any]:
    described = {"timestamp": stamp(datapoint.at), "sampleCount": datapoint.samples, "value": datapoint.value}
    return {name: value for name, value in described.items() if value is not None}


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _filled(number: int) -> str:
    return f"{_number(number, 'missing datapoint')} {'was' if number == 1 else 'were'}"


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d/%m/%y %H:%M:%S")
