"""What a deployment would change is told as CloudFormation would do it."""

from pathlib import Path
from typing import Any

import pytest

from wavetank.emulator.cloudformation import resources
from wavetank.emulator.deploy.changes import Change, Kind, PropertyChange, StackChanges, _changes, losses
from wavetank.pipeline import topology
from wavetank.pipeline.template.render import whole

STREAM = {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "a", "ShardCount": 2}}
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t"}}


def of(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    return list(_changes(before, after))


def stream(**properties: Any) -> dict[str, Any]:
    return {**STREAM, "Properties": {**STREAM["Properties"], **properties}}  # type: ignore[dict-item]


def test_what_is_the_same_is_not_told_of() -> None:
    assert of({"S": STREAM}, {"S": STREAM}) == []


def test_an_added_resource_and_a_removed_one_are_told_as_that() -> None:
    assert [(each.logical_id, each.kind, each.loses) for each in of({"S": STREAM}, {"T": TOPIC})] == [
        ("S", Kind.REMOVED, True),
        ("T", Kind.ADDED, False),
    ]


def test_another_value_is_a_change_with_both() -> None:
    (change,) = of({"S": STREAM}, {"S": stream(ShardCount=3)})
    assert change == Change("S", STREAM["Type"], Kind.CHANGED, (PropertyChange("ShardCount", 2, 3),))  # type: ignore[arg-type]


def test_a_property_that_needs_another_resource_replaces_it_and_loses_what_is_on_a_stream() -> None:
    (change,) = of({"S": STREAM}, {"S": stream(Name="b")})
    assert (change.kind, change.loses) == (Kind.REPLACED, True)
    (sentence,) = losses((StackChanges("wavetank-click", False, False, (change,)),))
    assert sentence.startswith("S (AWS::Kinesis::Stream) of wavetank-click would be replaced: what is on it")


@pytest.mark.parametrize(("attribute", "later"), [("DeletionPolicy", {}), ("UpdateReplacePolicy", {"Name": "b"})])
def test_a_stream_that_is_retained_loses_nothing(attribute: str, later: dict[str, str]) -> None:
    kept = {**STREAM, attribute: "Retain"}
    after = {"S": {**stream(**later), attribute: "Retain"}} if later else {}
    assert [each.loses for each in of({"S": kept}, after)] == [False]


def test_every_property_of_the_templates_is_known_with_what_its_change_needs(root: Path) -> None:
    unknown = []
    for logical_id, resource in whole(topology.load(root / "schemas"))["Resources"].items():
        emulated = resources.find(resource["Type"])
        supported = emulated.schema.supported if emulated is not None else frozenset[str]()
        unknown += [f"{logical_id}.{name}" for name in resource["Properties"] if name not in supported]
    assert unknown == []
