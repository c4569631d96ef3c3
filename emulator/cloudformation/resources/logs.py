"""`AWS::Logs::LogGroup` and `AWS::Logs::MetricFilter`."""

from contextlib import suppress
from typing import Any

from wavetank.emulator.cloudformation.resource import (
    AlreadyThere,
    Context,
    Gone,
    Model,
    Properties,
    Refused,
    Schema,
    names,
    retag,
    tag_list,
    tags_of,
)

STANDARD = "STANDARD"


class LogGroup:
    """A log group."""

    schema = Schema(
        type="AWS::Logs::LogGroup",
        identifier="LogGroupName",
        name="LogGroupName",
        longest_name=512,
        create_only=names("LogGroupName"),
        mutable=names("KmsKeyId LogGroupClass RetentionInDays Tags"),
        refused=names(
            """BearerTokenAuthenticationEnabled DataProtectionPolicy DeletionProtectionEnabled FieldIndexPolicies
            ResourcePolicyDocument"""
        ),
        read_only=names("Arn"),
    )

    def make(self, context: Context, model: Model) -> Model:
        """Create the group with its class, which it keeps."""
        logs, name = context.clients.logs, model["LogGroupName"]
        optional = {"logGroupClass": model.get("LogGroupClass"), "kmsKeyId": model.get("KmsKeyId")}
        given = {key: value for key, value in optional.items() if value}
        try:
            logs.create_log_group(logGroupName=name, tags=tags_of(model), **given)
        except logs.exceptions.ResourceAlreadyExistsException:
            raise AlreadyThere(name) from None
        return {"Arn": f"arn:aws:logs:{context.region}:{context.account}:log-group:{name}:*"}

    def apply(self, context: Context, model: Model, before: Properties | None) -> None:
        """Set retention, key and tags. Raises Refused for another class."""
        logs, name = context.clients.logs, model["LogGroupName"]
        if before is not None:
            there, asked = self._there(logs, name)["logGroupClass"], model.get("LogGroupClass") or STANDARD
            if there != asked:
                raise Refused(f"The class of log group {name} is {there} and cannot be changed")
        days = model.get("RetentionInDays")
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=int(days))
        elif before is not None:
            logs.delete_retention_policy(logGroupName=name)
        if before is None:
            return
        if model.get("KmsKeyId"):
            logs.associate_kms_key(logGroupName=name, kmsKeyId=model["KmsKeyId"])
        elif before.get("KmsKeyId"):
            logs.disassociate_kms_key(logGroupName=name)
        arn = model["Arn"].removesuffix(":*")
        retag(
            tags_of(model),
            logs.list_tags_for_resource(resourceArn=arn)["tags"],
            tag=lambda tags: logs.tag_resource(resourceArn=arn, tags=tags),
            untag=lambda keys: logs.untag_resource(resourceArn=arn, tagKeys=keys),
        )

    def remove(self, context: Context, model: Model) -> None:
        """Delete the group with what was logged."""
        context.clients.logs.delete_log_group(logGroupName=model["LogGroupName"])

    def read(self, context: Context, model: Model, expected: Properties) -> Properties:
        """The group as DescribeLogGroups shows it."""
        logs, name = context.clients.logs, model["LogGroupName"]
        group = self._there(logs, name)
        described = {
            "LogGroupName": name,
            "Arn": group["arn"],
            "LogGroupClass": group["logGroupClass"],
            "RetentionInDays": group.get("retentionInDays"),
            "KmsKeyId": group.get("kmsKeyId"),
        }
        if "Tags" in expected:
            tags = logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"]
            described["Tags"] = tag_list(tags)
        return described

    def _there(self, logs: Any, name: str) -> Properties:
        pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        groups = (group for page in pages for group in page["logGroups"])
        group: Properties | None = next((group for group in groups if group["logGroupName"] == name), None)
        if group is None:
            raise Gone(name)
        return group


class MetricFilter:
    """A metric filter of a log group. The call that creates it replaces it as a whole too.

    Its name may be that of the one which it replaces: of another group, or after that one is gone.
    """

    schema = Schema(
        type="AWS::Logs::MetricFilter",
        identifier="FilterName",
        create_only=names("FilterName LogGroupName"),
        mutable=names("FilterPattern MetricTransformations"),
        refused=names("ApplyOnTransformedLogs EmitSystemFieldDimensions FieldSelectionCriteria"),
        read_only=names("FilterName"),
        within="LogGroupName",
        published={
            "required": ["FilterPattern", "LogGroupName", "MetricTransformations"],
            "properties": {"MetricTransformations": {"items": {"$ref": "#/definitions/MetricTransformation"}}},
            "definitions": {
                "MetricTransformation": {
                    "additionalProperties": False,
                    "properties": {
                        "DefaultValue": {},
                        "Dimensions": {"items": {"$ref": "#/definitions/Dimension"}},
                        "MetricName": {},
                        "MetricNamespace": {},
                        "MetricValue": {},
                        "Unit": {},
                    },
                },
                "Dimension": {"additionalProperties": False, "properties": {"Key": {}, "Value": {}}},
            },
        },
    )

    def make(self, context: Context, model: Model) -> Model:
        """Name the filter."""
        name = model.get("FilterName") or context.generated_name(512)
        if self._there(context, model["LogGroupName"], name) is not None:
            raise AlreadyThere(name)
        return {"FilterName": name}

    def apply(self, context: Context, model: Model, _before: Properties | None) -> None:
        """Put the filter."""
        context.clients.logs.put_metric_filter(
            logGroupName=model["LogGroupName"],
            filterName=model["FilterName"],
            filterPattern=model["FilterPattern"],
            metricTransformations=[_request_of(given) for given in model["MetricTransformations"]],
        )

    def remove(self, context: Context, model: Model) -> None:
        """Delete the filter, unless its group took it along."""
        logs = context.clients.logs
        with suppress(logs.exceptions.ResourceNotFoundException):
            logs.delete_metric_filter(logGroupName=model["LogGroupName"], filterName=model["FilterName"])

    def read(self, context: Context, model: Model, _expected: Properties) -> Properties:
        """The filter as DescribeMetricFilters shows it."""
        there = self._there(context, model["LogGroupName"], model["FilterName"])
        if there is None:
            raise Gone(model["FilterName"])
        return {
            "FilterName": there["filterName"],
            "LogGroupName": there["logGroupName"],
            "FilterPattern": there["filterPattern"],
            "MetricTransformations": [_template_of(given) for given in there["metricTransformations"]],
        }

    def _there(self, context: Context, group: str, name: str) -> Properties | None:
        logs = context.clients.logs
        pages = logs.get_paginator("describe_metric_filters").paginate(logGroupName=group, filterNamePrefix=name)
        filters = (each for page in pages for each in page["metricFilters"])
        return next((each for each in filters if each["filterName"] == name), None)


def _request_of(given: Properties) -> dict[str, Any]:
    """A transformation of a template as the API takes it."""
    request: dict[str, Any] = {
        "metricName": given["MetricName"],
        "metricNamespace": given["MetricNamespace"],
        "metricValue": str(given["MetricValue"]),
    }
    if given.get("DefaultValue") is not None:
        request["defaultValue"] = float(given["DefaultValue"])
    if given.get("Unit"):
        request["unit"] = given["Unit"]
    if given.get("Dimensions"):
        request["dimensions"] = {dimension["Key"]: dimension["Value"] for dimension in given["Dimensions"]}
    return request


def _template_of(given: Properties) -> dict[str, Any]:
    """A transformation of the API as a template gives it."""
    return {
        "MetricName": given["metricName"],
        "MetricNamespace": given["metricNamespace"],
        "MetricValue": given["metricValue"],
        "DefaultValue": given.get("defaultValue"),
        "Unit": given.get("unit"),
        "Dimensions": [{"Key": key, "Value": value} for key, value in (given.get("dimensions") or {}).items()],
    }
