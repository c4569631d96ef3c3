"""`AWS::CloudWatch::Alarm` and `AWS::CloudWatch::CompositeAlarm`."""

from typing import Any

from wavetank.emulator.cloudformation.resource import (
    AlreadyThere,
    Context,
    Gone,
    Model,
    Properties,
    Schema,
    names,
    retag_listed,
    tag_list,
    tags_from,
    tags_of,
)


class Alarm:
    """An alarm on a metric. The call that creates it replaces it as a whole too."""

    kind = "MetricAlarm"
    schema = Schema(
        type="AWS::CloudWatch::Alarm",
        identifier="AlarmName",
        name="AlarmName",
        longest_name=255,
        create_only=names("AlarmName"),
        mutable=names(
            """ActionsEnabled AlarmActions AlarmDescription ComparisonOperator DatapointsToAlarm Dimensions
            EvaluateLowSampleCountPercentile EvaluationPeriods ExtendedStatistic InsufficientDataActions MetricName
            Metrics Namespace OKActions Period Statistic Tags Threshold ThresholdMetricId TreatMissingData Unit"""
        ),
        refused=names("ActionConfiguration EvaluationCriteria EvaluationInterval EvaluationWindow WarmUpConfiguration"),
        read_only=names("Arn"),
    )

    def put(self, cloudwatch: Any, definition: dict[str, Any]) -> None:
        """Put the alarm."""
        cloudwatch.put_metric_alarm(**definition)

    def make(self, context: Context, model: Model) -> Model:
        """Reserve the name."""
        name = model["AlarmName"]
        described = context.clients.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=[self.kind])
        if described[f"{self.kind}s"]:
            raise AlreadyThere(name)
        return {"Arn": f"arn:aws:cloudwatch:{context.region}:{context.account}:alarm:{name}"}

    def apply(self, context: Context, model: Model, before: Properties | None) -> None:
        """Put the alarm, and set its tags."""
        cloudwatch = context.clients.cloudwatch
        given = (self.schema.mutable - {"Tags"} | {"AlarmName"}) & model.keys()
        self.put(cloudwatch, {name: model[name] for name in given})
        if before is not None or tags_of(model):
            retag_listed(cloudwatch, model["Arn"], model)

    def remove(self, context: Context, model: Model) -> None:
        """Delete the alarm."""
        context.clients.cloudwatch.delete_alarms(AlarmNames=[model["AlarmName"]])

    def read(self, context: Context, model: Model, expected: Properties) -> Properties:
        """The alarm as DescribeAlarms shows it."""
        cloudwatch = context.clients.cloudwatch
        if self.schema.type not in context.asked:
            pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=[self.kind])
            alarms = [alarm for page in pages for alarm in page[f"{self.kind}s"]]
            context.asked[self.schema.type] = {alarm["AlarmName"]: alarm for alarm in alarms}
        alarm = context.asked[self.schema.type].get(model["AlarmName"])
        if alarm is None:
            raise Gone(model["AlarmName"])
        if "Tags" not in expected:
            return dict(alarm)
        tags = tags_from(cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"])
        return {**alarm, "Tags": tag_list(tags)}


class CompositeAlarm(Alarm):
    """An alarm on other alarms."""

    kind = "CompositeAlarm"
    schema = Schema(
        type="AWS::CloudWatch::CompositeAlarm",
        identifier="AlarmName",
        name="AlarmName",
        longest_name=255,
        create_only=names("AlarmName"),
        mutable=names(
            """ActionsEnabled ActionsSuppressor ActionsSuppressorExtensionPeriod ActionsSuppressorWaitPeriod
            AlarmActions AlarmDescription AlarmRule InsufficientDataActions OKActions Tags"""
        ),
        read_only=names("Arn"),
    )

    def put(self, cloudwatch: Any, definition: dict[str, Any]) -> None:
        """Put the alarm."""
        cloudwatch.put_composite_alarm(**definition)
