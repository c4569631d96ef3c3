"""Templates as earlier releases deployed them."""

import json
from collections.abc import Mapping
from typing import Any


def without_groups(template: Mapping[str, Any]) -> dict[str, Any]:
    """A template as it was when Lambda made the log groups, and roles let it."""
    resources = {
        name: resource
        for name, resource in template["Resources"].items()
        if not resource["Type"].startswith("AWS::Logs::")
    }
    earlier: dict[str, Any] = json.loads(json.dumps({**template, "Resources": resources}))
    for resource in earlier["Resources"].values():
        resource["Properties"].pop("LoggingConfig", None)
        for policy in resource["Properties"].get("Policies", ()):
            for statement in policy["PolicyDocument"]["Statement"]:
                if "logs:CreateLogStream" in statement["Action"]:
                    [group] = statement["Resource"]
                    statement["Action"].append("logs:CreateLogGroup")
                    statement["Resource"].append({"Fn::Sub": group["Fn::Sub"].removesuffix(":*")})
    return earlier


def is_of_one_stack(logical_id: str, kind: str) -> bool:
    """Whether releases with one stack had a resource: of what watches, an alarm for each processor that is behind."""
    if kind.startswith("AWS::CloudWatch::"):
        return logical_id.endswith("BehindAlarm") and not logical_id.endswith("DeliveryBehindAlarm")
    return not kind.startswith("AWS::Logs::") and not logical_id.startswith(("WarnTopic", "PageTopic"))
