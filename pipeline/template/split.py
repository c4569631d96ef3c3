"""Splits resources into CloudFormation stacks that do not depend on each other.

Between stacks there are no exports, which would keep one from being changed while another uses it (CloudFormation user
guide, "Fn::ImportValue"). A reference to a resource of another stack becomes its name or ARN, which follow from the
template; a layer, whose ARN has a version that nobody knows before, becomes a parameter of the same name.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wavetank.pipeline.template import arns

Resources = dict[str, dict[str, Any]]

LAYER = "AWS::Lambda::LayerVersion"
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+)(\.Arn)?\}")


def split(resources: Resources, stacks: Mapping[str, str]) -> dict[str, Resources]:
    """The resources of each stack, in the order in which the stacks are first named.

    stacks: logical id → name of its stack. Raises ConfigurationError for a reference that cannot cross stacks.
    """
    parts: dict[str, Resources] = {name: {} for name in dict.fromkeys(stacks.values())}
    for logical_id, resource in resources.items():
        stack = stacks[logical_id]
        others = {name: other for name, other in resources.items() if stacks[name] != stack}
        parts[stack][logical_id] = _without_others(resource, others)
    return parts


def referenced(value: Any) -> Iterator[str]:
    """Every name that `Ref` gives in a part of a template."""
    if isinstance(value, dict):
        if set(value) == {"Ref"}:
            yield value["Ref"]
        for part in value.values():
            yield from referenced(part)
    elif isinstance(value, list):
        for part in value:
            yield from referenced(part)


def _without_others(resource: dict[str, Any], others: Resources) -> dict[str, Any]:
    """A resource without references to these others; what it waits for in another stack is there before it."""
    alone: dict[str, Any] = _across(resource, others)
    waits = [name for name in resource.get("DependsOn", ()) if name not in others]
    if "DependsOn" in resource:
        alone.pop("DependsOn")
        alone |= {"DependsOn": waits} if waits else {}
    return alone


def _across(value: Any, others: Resources) -> Any:
    match value:
        case {"Ref": str(name)} if name in others:
            return value if others[name]["Type"] == LAYER else _sub(arns.reference(name, others[name]))
        case {"Fn::GetAtt": [str(name), "Arn"]} if name in others:
            return _sub(arns.arn(name, others[name]))
        case {"Fn::Sub": str(text)}:
            return _sub(_VARIABLE.sub(lambda match: _meant(match, others), text)) if _mentions(text, others) else value
        case dict():
            return {key: _across(part, others) for key, part in value.items()}
        case list():
            return [_across(part, others) for part in value]
    return value


def _mentions(text: str, others: Resources) -> bool:
    return any(match[1] in others for match in _VARIABLE.finditer(text))


def _meant(match: re.Match[str], others: Resources) -> str:
    name, is_arn = match[1], match[2] is not None
    if name not in others:
        return match[0]
    return (arns.arn if is_arn else arns.reference)(name, others[name])


def _sub(text: str) -> Any:
    return {"Fn::Sub": text} if "${" in text else text
