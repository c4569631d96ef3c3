"""`AWS::Events::Rule`."""

import json
from contextlib import suppress
from typing import Any

from wavetank.emulator.cloudformation.resource import (
    AlreadyThere,
    Context,
    Model,
    Properties,
    Refused,
    Schema,
    names,
    retag_listed,
    tag_list,
    tags_from,
    tags_of,
    text_of,
)


class Rule:
    """A rule of an event bus, with the targets that the template gives it and no other."""

    schema = Schema(
        type="AWS::Events::Rule",
        identifier="Id",
        name="Name",
        create_only=names("Name EventBusName"),
        mutable=names("Description EventPattern RoleArn ScheduleExpression State Tags Targets"),
        read_only=names("Id Arn RuleName"),
    )

    def make(self, context: Context, model: Model) -> Model:
        """Put the rule, which starts nothing without targets."""
        events, bus = context.clients.events, model.get("EventBusName")
        with suppress(events.exceptions.ResourceNotFoundException):
            events.describe_rule(Name=model["Name"], **_bus(model))
            raise AlreadyThere(model["Name"])
        identifier = f"{bus}|{model['Name']}" if bus else model["Name"]
        return {"Id": identifier, "RuleName": model["Name"], "Arn": self._put(events, model)}

    def apply(self, context: Context, model: Model, before: Properties | None) -> None:
        """Put the rule, and make its targets and tags those of the template."""
        events, bus = context.clients.events, _bus(model)
        if before is not None:
            self._put(events, model)
        targets = list(model.get("Targets") or ())
        there = events.list_targets_by_rule(Rule=model["Name"], **bus)["Targets"]
        if gone := sorted({target["Id"] for target in there} - {target["Id"] for target in targets}):
            events.remove_targets(Rule=model["Name"], Ids=gone, **bus)
        if targets:
            answer = events.put_targets(Rule=model["Name"], Targets=targets, **bus)
            for entry in answer.get("FailedEntries") or ():
                raise Refused(f"{entry.get('TargetId')}: {entry.get('ErrorMessage')}")
        if before is not None or tags_of(model):
            retag_listed(events, model["Arn"], model)

    def remove(self, context: Context, model: Model) -> None:
        """Delete the rule and its targets."""
        events, bus = context.clients.events, _bus(model)
        targets = events.list_targets_by_rule(Rule=model["Name"], **bus)["Targets"]
        if targets:
            events.remove_targets(Rule=model["Name"], Ids=[target["Id"] for target in targets], **bus)
        events.delete_rule(Name=model["Name"], **bus)

    def read(self, context: Context, model: Model, expected: Properties) -> Properties:
        """The rule and its targets."""
        events, bus = context.clients.events, _bus(model)
        rule = dict(events.describe_rule(Name=model["Name"], **bus))
        rule["EventPattern"] = json.loads(rule.get("EventPattern") or "null")
        rule["Targets"] = events.list_targets_by_rule(Rule=model["Name"], **bus)["Targets"]
        if "Tags" in expected:
            rule["Tags"] = tag_list(tags_from(events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]))
        return rule

    def _put(self, events: Any, model: Model) -> str:
        given = {"Name", "Description", "RoleArn", "ScheduleExpression", "State", "EventBusName"} & model.keys()
        request = {name: model[name] for name in given}
        if "EventPattern" in model:
            request["EventPattern"] = text_of(model["EventPattern"])
        return str(events.put_rule(**request)["RuleArn"])


def _bus(model: Model) -> dict[str, str]:
    return {"EventBusName": model["EventBusName"]} if model.get("EventBusName") else {}
