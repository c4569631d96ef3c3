"""The inventory of a stage: what its templates make, whatever the load. Pure."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wavetank.pipeline.metrics import Handler

SHARED = "shared"
"""The component of what event types share."""
TEMPORARY_MIB = 512
"""The room in `/tmp` of a function that asks for no more; AWS takes nothing for it (Lambda pricing)."""

Template = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FunctionSize:
    """A function: its handler, memory, room in `/tmp`, time-out, number of layers, and the bytes of its variables.

    reserved: the invocations at once that are reserved for it; 0 for none, and where a parameter says.
    """

    handler: Handler
    memory_mib: int
    temporary_mib: int
    timeout_s: int
    layers: int
    variable_bytes: int
    reserved: int = 0


@dataclass(frozen=True, slots=True)
class StackSize:
    """The size of a CloudFormation stack: its resources, and the bytes, parameters and outputs of its template."""

    resources: int
    size: int
    parameters: int
    outputs: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """The resources of a stage: functions by name, stacks by name, and counts by component.

    alarms: metrics that alarms look at, which is what they are paid by. widgets: by dashboard, the metrics of each of
    its widgets. filters: metric filters by log group. log_days: the longest retention of a log group, None for ever.
    policies: bytes of the inline policies of each role. interface_endpoints: those that are made where there is a VPC.
    """

    functions: Mapping[str, FunctionSize] = field(default_factory=dict)
    stacks: Mapping[str, StackSize] = field(default_factory=dict)
    alarms: Mapping[str, int] = field(default_factory=dict)
    alarm_count: int = 0
    composites: Mapping[str, int] = field(default_factory=dict)
    dashboards: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    filters: Mapping[str, int] = field(default_factory=dict)
    log_days: int | None = None
    policies: Mapping[str, int] = field(default_factory=dict)
    life_cycle_rules: int = 0
    rules: int = 0
    topics: int = 0
    most_tags: int = 0
    interface_endpoints: int = 0

    def size(self, handler: Handler) -> FunctionSize:
        """The size of the function that runs a handler; of several, the one with the most memory."""
        return max(
            (size for size in self.functions.values() if size.handler is handler), key=lambda size: size.memory_mib
        )


def inventory(templates: Mapping[str, Template], event_types: Mapping[str, str]) -> Inventory:
    """The inventory of these templates, by the names of their stacks; event_types: name of a stack → event type."""
    resources = [
        (event_types.get(stack, SHARED), logical_id, resource["Type"], resource.get("Properties", {}))
        for stack, template in templates.items()
        for logical_id, resource in template["Resources"].items()
    ]

    def of(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        return ((component, properties) for component, _, type_, properties in resources if type_ == kind)

    days = [properties.get("RetentionInDays", 0) for _, properties in of("AWS::Logs::LogGroup")]
    return Inventory(
        functions={str(function["FunctionName"]): _function(function) for _, function in of("AWS::Lambda::Function")},
        stacks={stack: _stack(template) for stack, template in templates.items()},
        alarms=_sums((component, _looked_at(alarm)) for component, alarm in of("AWS::CloudWatch::Alarm")),
        alarm_count=len([*of("AWS::CloudWatch::Alarm"), *of("AWS::CloudWatch::CompositeAlarm")]),
        composites=_sums((component, 1) for component, _ in of("AWS::CloudWatch::CompositeAlarm")),
        dashboards={
            _text(dashboard.get("DashboardName", "")): _widgets(dashboard)
            for _, dashboard in of("AWS::CloudWatch::Dashboard")
        },
        filters=_sums((_text(each["LogGroupName"]), 1) for _, each in of("AWS::Logs::MetricFilter")),
        log_days=max(int(each) for each in days) if days and all(days) else None,
        policies={
            f"{component} {logical_id}": sum(
                len(_text(policy["PolicyDocument"])) for policy in properties.get("Policies", [])
            )
            for component, logical_id, type_, properties in resources
            if type_ == "AWS::IAM::Role"
        },
        life_cycle_rules=max(
            (len(bucket.get("LifecycleConfiguration", {}).get("Rules", [])) for _, bucket in of("AWS::S3::Bucket")),
            default=0,
        ),
        rules=sum(1 for _ in of("AWS::Events::Rule")),
        topics=sum(1 for _ in of("AWS::SNS::Topic")),
        most_tags=max((len(properties.get("Tags", ())) for _, _, _, properties in resources), default=0),
        interface_endpoints=sum(
            endpoint.get("VpcEndpointType") == "Interface" for _, endpoint in of("AWS::EC2::VPCEndpoint")
        ),
    )


def _function(properties: Mapping[str, Any]) -> FunctionSize:
    variables = properties.get("Environment", {}).get("Variables", {})
    return FunctionSize(
        handler=Handler(str(properties["Handler"]).split(".")[-2]),
        memory_mib=int(properties["MemorySize"]),
        temporary_mib=int(properties.get("EphemeralStorage", {}).get("Size", TEMPORARY_MIB)),
        timeout_s=int(properties["Timeout"]),
        layers=len(properties.get("Layers", ())),
        variable_bytes=sum(len(name) + len(_text(value)) for name, value in variables.items()),
        reserved=reserved if isinstance(reserved := properties.get("ReservedConcurrentExecutions"), int) else 0,
    )


def _stack(template: Template) -> StackSize:
    return StackSize(
        resources=len(template["Resources"]),
        size=len(json.dumps(template, separators=(",", ":"))),
        parameters=len(template.get("Parameters", {})),
        outputs=len(template.get("Outputs", {})),
    )


def _looked_at(alarm: Mapping[str, Any]) -> int:
    """The metrics that an alarm looks at: those of metric math each (CloudWatch pricing, "Alarms")."""
    return sum("MetricStat" in metric for metric in alarm.get("Metrics", ())) or 1


def _widgets(dashboard: Mapping[str, Any]) -> tuple[int, ...]:
    """The number of metrics of each widget; none where the body is not the text of a document."""
    try:
        body = json.loads(_text(dashboard["DashboardBody"]))
        return tuple(len(widget.get("properties", {}).get("metrics", ())) for widget in body["widgets"])
    except (ValueError, KeyError):
        return ()


def _text(value: Any) -> str:
    """A value of a template as text: that of a substitution as it stands, of another intrinsic function its JSON."""
    if isinstance(value, dict) and isinstance(value.get("Fn::Sub"), str):
        return str(value["Fn::Sub"])
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _sums(entries: Iterator[tuple[str, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for name, number in entries:
        sums[name] += number
    return dict(sums)
