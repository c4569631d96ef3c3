"""The changes that a deployment would make: of each CloudFormation stack, what is added, changed, replaced or removed.

They are told from the deployed template and the new one, both with the values of their parameters, and from what a
change of each property needs (CloudFormation template reference, "Update requires"; the schema of each resource type in
`emulator.cloudformation`). No change sets are made for it: one for a stack that is not there would make the stack, and
LocalStack's do not know a replacement that depends on another resource.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from wavetank.emulator.cloudformation import resources
from wavetank.emulator.deploy import moving
from wavetank.emulator.deploy.formation import Formation
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline.names import Names
from wavetank.pipeline.template import outage
from wavetank.pipeline.template.split import LAYER

HOLDERS = ("AWS::Kinesis::Stream", "AWS::KinesisFirehose::DeliveryStream", "AWS::SQS::Queue")
"""Types that lose what is on its way in them when they are replaced or removed."""
NEW_VERSION = "(a new version)"
KEPT = frozenset({"Retain", "RetainExceptOnCreate"})


class Kind(StrEnum):
    """The change of a resource."""

    ADDED = "added"
    CHANGED = "changed"
    REPLACED = "replaced"
    REMOVED = "removed"


@dataclass(frozen=True)
class PropertyChange:
    """Another value of a property, or of an attribute such as DeletionPolicy; None where it is not given."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """The change of one resource; loses: records or messages that are on their way are lost with it."""

    logical_id: str
    type: str
    kind: Kind
    properties: tuple[PropertyChange, ...] = ()
    loses: bool = False


@dataclass(frozen=True)
class StackChanges:
    """The changes of one CloudFormation stack; moved: its resources come out of the one stack of before."""

    stack: str
    is_new: bool
    moved: bool
    changes: tuple[Change, ...]

    def document(self) -> dict[str, Any]:
        """The changes as JSON has them."""
        return asdict(self)


def changes_of(
    stack: Stack, names: Names, templates: Mapping[str, dict[str, Any]], values: Mapping[str, str]
) -> tuple[StackChanges, ...]:
    """The changes of each stack that has any, were these templates deployed with these values of parameters."""
    moved = moving.as_moved(stack, names)
    values = {**Formation(stack, names.shared_stack).outputs, **values}
    made = moved.keys() - {names.shared_stack}
    result = []
    for name, template in templates.items():
        formation = Formation(stack, name)
        parameters, is_new = formation.parameters, name in made
        if name in moved:
            before = moved[name]["Resources"]
        elif formation.exists:
            before = moving.written_out(outage.without(formation.template()["Resources"], parameters), parameters)
        else:
            before, is_new = {}, True
        given = {key: values[key] for key in template["Parameters"] if key in values}
        after = moving.written_out(outage.without(template["Resources"], parameters | given), parameters | given)
        changes = tuple(_changes(before, after))
        if name == names.shared_stack:
            layers = {each.logical_id for each in changes if each.type == LAYER and each.kind is Kind.REPLACED}
            values |= dict.fromkeys(layers, NEW_VERSION)
        if changes or name in made:
            result.append(StackChanges(name, is_new, name in moved, changes))
    return tuple(result)


def losses(changes: tuple[StackChanges, ...]) -> list[str]:
    """A sentence for each resource that would take records with it."""
    return [
        f"{each.logical_id} ({each.type}) of {of.stack} would be {each.kind}: what is on it would be lost"
        for of in changes
        for each in of.changes
        if each.loses
    ]


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for logical_id in dict.fromkeys((*before, *after)):
        if logical_id not in before:
            yield Change(logical_id, after[logical_id]["Type"], Kind.ADDED)
            continue
        old, new = before[logical_id], after.get(logical_id)
        kind = old["Type"]
        if new is None:
            loses = kind in HOLDERS and old.get("DeletionPolicy") not in KEPT
            yield Change(logical_id, kind, Kind.REMOVED, loses=loses)
            continue
        properties = tuple(_of_resource(old, new))
        if properties:
            replaced = kind != new["Type"] or any(_replaces(kind, each.name) for each in properties)
            loses = replaced and kind in HOLDERS and new.get("UpdateReplacePolicy") not in KEPT
            yield Change(logical_id, new["Type"], Kind.REPLACED if replaced else Kind.CHANGED, properties, loses)


def _of_resource(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[PropertyChange]:
    attributes = dict.fromkeys((*old, *new))
    for name in attributes:
        if name not in ("Properties", "DependsOn") and old.get(name) != new.get(name):
            yield PropertyChange(name, old.get(name), new.get(name))
    was, is_now = old.get("Properties") or {}, new.get("Properties") or {}
    for name in dict.fromkeys((*was, *is_now)):
        if was.get(name) != is_now.get(name):
            yield PropertyChange(name, was.get(name), is_now.get(name))


def _replaces(kind: str, name: str) -> bool:
    """Whether a change of a property replaces the resource; of a type that is not known it is said to."""
    emulated = resources.find(kind)
    return emulated is None or name in emulated.schema.create_only
