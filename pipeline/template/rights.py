"""The rights that a template gives: each action of each statement, on each resource, with its conditions.

`rights.toml` beside this module lists them all; a template that gives another one is not to be deployed, and what no
run of the pipeline uses is there with the reason for it.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wavetank.pipeline import layout
from wavetank.pipeline.components.references import Database
from wavetank.pipeline.template import arns
from wavetank.pipeline.template.logical import logical

LIST = Path(__file__).with_name("rights.toml")
EVENT_TYPE = "{type}"
"""Stands for the name of an event type in the list, as `{Type}` does in logical ids."""
DATABASE, REFERENCE = "{database}", "{reference}"
"""Stand for the names of a database and of its references, as `{Database}` does in logical ids."""
_REFERENCE = re.compile(r"\$\{([A-Za-z0-9:]+)(\.Arn)?\}")


@dataclass(frozen=True, order=True)
class Right:
    """A right: whose policy gives it (a logical id), to do what, on what, to whom and under which condition.

    resource: as the template writes it, with `${…}`. principal: empty in the policy of a role.
    """

    holder: str
    action: str
    resource: str
    principal: str = ""
    condition: str = ""

    def __str__(self) -> str:
        to = f" by {self.principal}" if self.principal else ""
        given = f" if {self.condition}" if self.condition else ""
        return f"{self.action} on {self.resource}{to}{given}"


@dataclass(frozen=True)
class Listed:
    """The list: rights by holder, and the reason for each that nothing uses, by holder and right."""

    rights: frozenset[tuple[str, str]]
    unused: Mapping[tuple[str, str], str]


def listed(path: Path = LIST) -> Listed:
    """The list of rights."""
    document = tomllib.loads(path.read_text())
    rights = frozenset((holder, text) for holder, texts in document["rights"].items() for text in texts)
    unused = {(holder, text): why for holder, whys in document["unused"].items() for text, why in whys.items()}
    return Listed(rights, unused)


def rights_of(template: Mapping[str, Any]) -> list[Right]:
    """Every right that a template gives, in order."""
    found = [right for logical_id, resource in template["Resources"].items() for right in _of(logical_id, resource)]
    return sorted(set(found))


def entry(right: Right, event_types: Mapping[str, str], databases: Sequence[Database] = ()) -> tuple[str, str]:
    """The holder and the right as the list has them; `event_types`: logical id → name."""
    holder, text = right.holder, str(right)
    for database in databases:
        if re.fullmatch(rf"{logical(database.name)}Dumper\w*", holder):
            return _of_dumper(database, holder, text)
    own = [each for each in event_types if re.fullmatch(rf"{each}(Processor|Delivery|WarnTopic|PageTopic)\w*", holder)]
    for logical_id in own or event_types:
        text = re.sub(rf"\$\{{{logical_id}(?=(?:(?:Raw|Processed)Stream|(?:Warn|Page)Topic)\b)", "${{Type}", text)
    if own:
        text = re.sub(rf"(?<=/{layout.REFERENCE}/)[^/]+(?=/)", "{reference}", text)
    for logical_id in own:
        holder = holder.replace(logical_id, "{Type}", 1)
        text = re.sub(rf"(?<![\w.]){re.escape(event_types[logical_id])}(?![\w.])", EVENT_TYPE, text)
    return holder, text


def _of_dumper(database: Database, holder: str, text: str) -> tuple[str, str]:
    own = logical(database.name)
    text = text.replace(f":secret:{database.secret}-", ":secret:{secret}-").replace(
        f"${{{own}Dumper", "${{Database}Dumper"
    )
    for name, word in ((database.name, DATABASE), *((each.name, REFERENCE) for each in database.references)):
        text = re.sub(rf"(?<=[-/]){re.escape(name)}(?=[-/])", word, text)
    return holder.replace(own, "{Database}", 1), text


def resolved(text: str, template: Mapping[str, Any], account: str, region: str) -> str:
    """A resource of a right as it is deployed: with ARNs in the place of references."""
    fixed = {"AWS::Partition": "aws", "AWS::AccountId": account, "AWS::Region": region}

    def arn(match: re.Match[str]) -> str:
        if match[1] in fixed:
            return fixed[match[1]]
        resource = template["Resources"][match[1]]
        if not arns.has_arn(resource):
            return match[0]
        return resolved(arns.arn(match[1], resource), template, account, region)

    return _REFERENCE.sub(arn, text)


def _of(logical_id: str, resource: Mapping[str, Any]) -> Iterator[Right]:
    properties = resource.get("Properties") or {}
    match resource["Type"]:
        case "AWS::IAM::Role":
            for policy in properties.get("Policies") or ():
                yield from _statements(logical_id, policy["PolicyDocument"])
            for arn in properties.get("ManagedPolicyArns") or ():
                yield Right(logical_id, "every action of a managed policy", _text(arn))
            yield from _statements(logical_id, properties["AssumeRolePolicyDocument"])
        case "AWS::Lambda::Permission":
            conditions = {
                name: _text(properties[name]) for name in ("SourceAccount", "SourceArn") if name in properties
            }
            yield Right(
                logical_id,
                properties["Action"],
                _text(properties["FunctionName"]),
                str(properties["Principal"]),
                json.dumps(conditions, sort_keys=True) if conditions else "",
            )
        case kind if "PolicyDocument" in properties:
            yield from _statements(logical_id, properties["PolicyDocument"])
            if kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
                for role in properties.get("Roles") or ():
                    yield Right(logical_id, "is attached", _text(role))


def _statements(holder: str, document: Mapping[str, Any]) -> Iterator[Right]:
    for statement in _list(document["Statement"]):
        effect = "" if statement["Effect"] == "Allow" else f"{statement['Effect']} "
        principal = _compact(statement.get("Principal", statement.get("NotPrincipal", "")))
        condition = _compact(statement.get("Condition", ""))
        actions = _list(statement.get("Action")) or [f"all but {each}" for each in _list(statement.get("NotAction"))]
        resources = _list(statement.get("Resource")) or ["itself"]
        for action in actions:
            for resource in resources:
                yield Right(holder, f"{effect}{action}", _text(resource), principal, condition)


def _list(given: Any) -> list[Any]:
    if given is None:
        return []
    return given if isinstance(given, list) else [given]


def _compact(given: Any) -> str:
    """A part of a statement in one line, with references as texts."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            if set(value) & {"Ref", "Fn::Sub", "Fn::GetAtt"}:
                return _text(value)
            return {key: plain(each) for key, each in value.items()}
        return [plain(each) for each in value] if isinstance(value, list) else value

    return given if isinstance(given, str) else json.dumps(plain(given), sort_keys=True)


def _text(given: Any) -> str:
    """A text or a reference, as `Fn::Sub` would write it."""
    if isinstance(given, str):
        return given
    match given:
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Sub": text}:
            return str(text)
        case _:
            return json.dumps(given, sort_keys=True)
