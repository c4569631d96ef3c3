"""The calls that define alarms, describe them, and set their state.

Source: Amazon CloudWatch API Reference, the page of each.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import handler
from localstack.aws.api.cloudwatch import InvalidFormatFault, ResourceNotFound

from wavetank.emulator.cloudwatch.alarm import (
    Alarm,
    AlarmError,
    CompositeAlarm,
    Document,
    MetricAlarm,
    read_composite_alarm,
    read_metric_alarm,
)
from wavetank.emulator.cloudwatch.core import reasons
from wavetank.emulator.cloudwatch.core.verdict import Missing, State
from wavetank.emulator.cloudwatch.history import HISTORY
from wavetank.emulator.cloudwatch.operations.metrics import ValidationError
from wavetank.emulator.cloudwatch.service import EVALUATOR
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.json_text import strictly_parsed

ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")
MAX_ACTIONS = 5
PAGE = 50
MOST_RECORDS = 100
_KEPT = ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp")

type Read = Callable[[str, str, str, Document], Alarm]


@handler("PutMetricAlarm", expand=False)
def put_metric_alarm(provider: Any, context: Any, request: Mapping[str, Any]) -> None:
    """Define an alarm on a metric or an expression. One that is there is overwritten, and has the state it had."""
    for name, allowed in (
        ("TreatMissingData", [kind.value for kind in Missing]),
        ("EvaluateLowSampleCountPercentile", ["evaluate", "ignore"]),
    ):
        if request.get(name) is not None and request[name] not in allowed:
            raise ValidationError(f"{name} must be one of {', '.join(allowed)}, not {request[name]!r}.")
    _put(provider, context, {"Dimensions": [], **request}, read_metric_alarm)


@handler("PutCompositeAlarm", expand=False)
def put_composite_alarm(provider: Any, context: Any, request: Mapping[str, Any]) -> None:
    """Define an alarm on other alarms. One that is there is overwritten, and has the state it had."""

    def read(arn: str, account: str, region: str, document: Document) -> Alarm:
        alarm = read_composite_alarm(arn, account, region, document)
        named = dict.fromkeys([*alarm.children, *filter(None, [alarm.suppressor])])
        if absent := [each.partition(":alarm:")[2] for each in named if each != arn and EVALUATOR.find(each) is None]:
            raise AlarmError(
                f"Could not save the composite alarm as alarms [{', '.join(absent)}] in the alarm rule do not exist"
            )
        return alarm

    _put(provider, context, request, read)


def _put(provider: Any, context: Any, request: Mapping[str, Any], read: Read) -> None:
    arn, now = _arn(context, request["AlarmName"]), CLOCK.now()
    there = EVALUATOR.find(arn)
    at = datetime.fromtimestamp(now, UTC)
    document: Document = {"ActionsEnabled": True, **{kind: [] for kind in ACTIONS}}
    document |= {name: value for name, value in request.items() if name != "Tags" and value is not None}
    document |= {"AlarmArn": arn, "AlarmConfigurationUpdatedTimestamp": at}
    document |= {"StateValue": State.INSUFFICIENT_DATA.value, "StateReason": reasons.CREATED}
    document |= {"StateUpdatedTimestamp": at, "StateTransitionedTimestamp": at}
    for kind in ACTIONS:
        if len(document[kind]) > MAX_ACTIONS or not all(action.startswith("arn:") for action in document[kind]):
            raise ValidationError(f"{kind} must be at most {MAX_ACTIONS} ARNs.")
    if there is not None:
        document |= {name: there.document[name] for name in _KEPT if name in there.document}
    try:
        alarm = read(arn, context.account_id, context.region, document)
    except AlarmError as error:
        raise ValidationError(str(error)) from error
    if there is not None and type(there) is not type(alarm):
        raise ValidationError(f"There is an alarm of another type with the name {alarm.name}.")
    what = "updated" if there is not None else "created"
    HISTORY.note_definition(alarm, what, now)
    EVALUATOR.keep(alarm, what)
    if there is None and request.get("Tags"):
        provider.tag_resource(context, resource_arn=arn, tags=request["Tags"])


def delete_alarms(provider: Any, context: Any, alarm_names: Sequence[str], **_given: Any) -> None:
    """Delete alarms; those that are not there are passed over. None that a composite alarm needs is deleted."""
    arns = list(dict.fromkeys(_arn(context, name) for name in alarm_names))
    alarms = [alarm for arn in arns if (alarm := EVALUATOR.find(arn)) is not None]
    if sum(isinstance(alarm, CompositeAlarm) for alarm in alarms) > 1:
        raise ValidationError("At most one composite alarm can be deleted in one call.")
    for alarm in alarms:
        if any(parent.arn not in arns for parent in EVALUATOR.parents(alarm.arn)):
            raise ValidationError(f"Cannot delete {alarm.name} as there are composite alarm(s) depending on it.")
    for alarm in alarms:
        EVALUATOR.forget(alarm.arn)
        HISTORY.note_definition(alarm, "deleted", CLOCK.now())
        keys = [tag["Key"] for tag in provider.list_tags_for_resource(context, resource_arn=alarm.arn)["Tags"]]
        provider.untag_resource(context, resource_arn=alarm.arn, tag_keys=keys)


def describe_alarms(
    _provider: Any,
    context: Any,
    alarm_names: Sequence[str] | None = None,
    alarm_name_prefix: str | None = None,
    alarm_types: Sequence[str] | None = None,
    children_of_alarm_name: str | None = None,
    parents_of_alarm_name: str | None = None,
    state_value: str | None = None,
    action_prefix: str | None = None,
    max_records: int | None = None,
    next_token: str | None = None,
    **_given: Any,
) -> dict[str, Any]:
    """Alarms by name, page by page: metric alarms, unless other types are asked for."""
    alarms = _of_place(context)
    kinds = set(alarm_types or ["MetricAlarm"])
    if children_of_alarm_name or parents_of_alarm_name:
        kinds = {"MetricAlarm", "CompositeAlarm"}
        alarms = _relatives(context, children_of_alarm_name, parents_of_alarm_name)
    shown = [
        alarm
        for alarm in sorted(alarms, key=lambda alarm: alarm.name)
        if _kind(alarm) in kinds
        and (alarm_names is None or alarm.name in alarm_names)
        and alarm.name.startswith(alarm_name_prefix or "")
        and state_value in (None, alarm.state.value)
        and (action_prefix is None or any(action.startswith(action_prefix) for action in _actions(alarm)))
    ]
    first = int(next_token or 0) if (next_token or "0").isdigit() else 0
    page = shown[first : first + min(max_records or (MOST_RECORDS if alarm_names else PAGE), MOST_RECORDS)]
    documents: dict[str, list[Document]] = {"MetricAlarms": [], "CompositeAlarms": []}
    for alarm in page:
        documents[f"{_kind(alarm)}s"].append(dict(alarm.document))
    last = first + len(page)
    return {**documents, **({"NextToken": str(last)} if last < len(shown) else {})}


def _relatives(context: Any, child_of: str | None, parent_of: str | None) -> list[Alarm]:
    if child_of:
        parent = EVALUATOR.find(_arn(context, child_of))
        arns = parent.children if isinstance(parent, CompositeAlarm) else ()
        return [alarm for arn in arns if (alarm := EVALUATOR.find(arn)) is not None]
    return [*EVALUATOR.parents(_arn(context, parent_of or ""))]


def describe_alarms_for_metric(
    _provider: Any,
    context: Any,
    metric_name: str,
    namespace: str,
    statistic: str | None = None,
    extended_statistic: str | None = None,
    dimensions: Sequence[Mapping[str, str]] | None = None,
    period: int | None = None,
    unit: str | None = None,
    **_given: Any,
) -> dict[str, Any]:
    """The alarms on one metric, those on expressions left out."""
    exact = {
        "MetricName": metric_name,
        "Namespace": namespace,
        "Statistic": statistic,
        "ExtendedStatistic": extended_statistic,
        "Period": period,
        "Unit": unit,
    }
    wanted = {name: value for name, value in exact.items() if value is not None}

    def of(document: Mapping[str, Any]) -> set[tuple[str, str]]:
        return {(each["Name"], each["Value"]) for each in document.get("Dimensions") or ()}

    shown = [
        dict(alarm.document)
        for alarm in _of_place(context)
        if all(alarm.document.get(name) == value for name, value in wanted.items())
        and of(alarm.document) == of({"Dimensions": dimensions})
    ]
    return {"MetricAlarms": shown}


def describe_alarm_history(
    _provider: Any,
    context: Any,
    alarm_name: str | None = None,
    alarm_types: Sequence[str] | None = None,
    history_item_type: str | None = None,
    start_date: datetime | None = None,
    end_date: datetime | None = None,
    max_records: int | None = None,
    next_token: str | None = None,
    scan_by: str | None = None,
    **_given: Any,
) -> dict[str, Any]:
    """The history of an alarm, or of all, the newest first unless it is asked for otherwise, page by page."""
    kinds = set(alarm_types or (["MetricAlarm"] if alarm_name is None else ["MetricAlarm", "CompositeAlarm"]))
    items = [
        item
        for item in HISTORY.of(context.account_id, context.region)
        if item["AlarmType"] in kinds
        and alarm_name in (None, item["AlarmName"])
        and history_item_type in (None, item["HistoryItemType"])
        and (start_date is None or item["Timestamp"] >= start_date)
        and (end_date is None or item["Timestamp"] <= end_date)
    ]
    if scan_by != "TimestampAscending":
        items.reverse()
    first = int(next_token or 0) if (next_token or "0").isdigit() else 0
    page = items[first : first + min(max_records or MOST_RECORDS, MOST_RECORDS)]
    last = first + len(page)
    return {"AlarmHistoryItems": page, **({"NextToken": str(last)} if last < len(items) else {})}


def set_alarm_state(
    _provider: Any,
    context: Any,
    alarm_name: str,
    state_value: str,
    state_reason: str,
    state_reason_data: str | None = None,
    **_given: Any,
) -> None:
    """Give an alarm a state, until it is evaluated next; the actions of that state are taken."""
    if state_value not in list(State):
        raise ValidationError(
            f"1 validation error detected: Value '{state_value}' at 'stateValue' failed to satisfy constraint: Member "
            "must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]"
        )
    try:
        strictly_parsed((state_reason_data or "{}").encode())
    except ValueError as error:
        raise InvalidFormatFault(f"StateReasonData is not JSON: {error}") from error
    try:
        EVALUATOR.set_state(_arn(context, alarm_name), State(state_value), state_reason, state_reason_data)
    except KeyError as error:
        raise ResourceNotFound() from error


def enable_alarm_actions(_provider: Any, context: Any, alarm_names: Iterable[str], **_given: Any) -> None:
    """Have the actions of alarms taken from now on."""
    _switch_actions(context, alarm_names, enabled=True)


def disable_alarm_actions(_provider: Any, context: Any, alarm_names: Iterable[str], **_given: Any) -> None:
    """Have no action of alarms taken from now on."""
    _switch_actions(context, alarm_names, enabled=False)


def _switch_actions(context: Any, alarm_names: Iterable[str], *, enabled: bool) -> None:
    for name in alarm_names:
        if alarm := EVALUATOR.find(_arn(context, name)):
            alarm.document["ActionsEnabled"] = enabled


def _arn(context: Any, name: str) -> str:
    return f"arn:{context.partition}:cloudwatch:{context.region}:{context.account_id}:alarm:{name}"


def _of_place(context: Any) -> list[Alarm]:
    return EVALUATOR.of(context.account_id, context.region)


def _kind(alarm: Alarm) -> str:
    return "MetricAlarm" if isinstance(alarm, MetricAlarm) else "CompositeAlarm"


def _actions(alarm: Alarm) -> list[str]:
    return [action for kind in ACTIONS for action in alarm.document[kind]]
