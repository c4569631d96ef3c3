"""Log groups that Lambda made by itself become the stack's, with what is in them.

A function of a release whose template named no log groups has one nevertheless, and so has one that was removed:
CloudFormation makes none of that name. It imports them (CloudFormation user guide, "Import AWS resources into a
CloudFormation stack"); their settings and tags come with the update after it.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from wavetank.emulator.deploy.formation import Formation
from wavetank.pipeline.names import log_group

GROUP = "AWS::Logs::LogGroup"
FUNCTION = "AWS::Lambda::Function"


def adopt(formation: Formation, template: Mapping[str, Any], bucket: str) -> tuple[str, ...]:
    """Take over the log groups of a template that are there and are not the stack's; their names.

    Of a function that is at work the group is made first where there is none: Lambda may make it at any moment.
    bucket: that of templates which are too long for a request. Raises DeployFailed.
    """
    formation.clear()
    before = formation.template() if formation.exists else {}
    there = before.get("Resources", {})
    groups = {
        logical_id: str(resource["Properties"]["LogGroupName"])
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == GROUP and logical_id not in there
    }
    if not groups:
        return ()
    at_work = {log_group(each["Properties"]["FunctionName"]) for each in there.values() if each["Type"] == FUNCTION}
    logs = formation.stack.client("logs")
    taken = {}
    for logical_id, name in groups.items():
        if name in at_work:
            with suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_group(logGroupName=name)
        described = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if any(group["logGroupName"] == name for group in described):
            taken[logical_id] = name
    if not taken:
        return ()
    imported = {
        logical_id: {"Type": GROUP, "DeletionPolicy": "Retain", "Properties": {"LogGroupName": name}}
        for logical_id, name in taken.items()
    }
    targets: list[dict[str, Any]] = [
        {"ResourceType": GROUP, "LogicalResourceId": logical_id, "ResourceIdentifier": {"LogGroupName": name}}
        for logical_id, name in taken.items()
    ]
    fresh = {key: template[key] for key in ("AWSTemplateFormatVersion", "Description")}
    formation.take_over({**(before or fresh), "Resources": {**there, **imported}}, targets, bucket)
    return tuple(taken.values())
