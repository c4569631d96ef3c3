"""The references of a template mean what CloudFormation's reference says."""

from typing import Any

import pytest

from wavetank.emulator.cloudformation.references import References, Unresolvable

THERE = References(
    parameters={"AWS::Region": "us-east-1", "Size": 3},
    physical={"Queue": "http://queue"},
    attributes={"Queue": {"Arn": "arn:queue", "QueueName": "q"}},
    mappings={"Sizes": {"us-east-1": {"small": 1}}},
    conditions={"Large": {"Fn::Equals": [{"Ref": "Size"}, "3"]}, "Small": {"Fn::Not": [{"Condition": "Large"}]}},
)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"Ref": "Size"}, 3),
        ({"Ref": "Queue"}, "http://queue"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:queue"),
        ({"Fn::GetAtt": "Queue.QueueName"}, "q"),
        ({"Fn::Sub": "${AWS::Region}/${Queue.Arn}/${!Literal}"}, "us-east-1/arn:queue/${Literal}"),
        ({"Fn::Sub": ["${A}-${Size}", {"A": {"Ref": "Queue"}}]}, "http://queue-3"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Size"}]]}, "a-3"),
        ({"Fn::Select": ["1", {"Fn::Split": [",", "a,b"]}]}, "b"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "small"]}, 1),
        ({"Fn::If": ["Large", "yes", "no"]}, "yes"),
        ({"a": {"Fn::If": ["Small", 1, {"Ref": "AWS::NoValue"}]}, "b": [{"Ref": "AWS::NoValue"}, 1]}, {"b": [1]}),
        ({"Statement": [{"Resource": {"Ref": "Queue"}}]}, {"Statement": [{"Resource": "http://queue"}]}),
    ],
)
def test_a_reference_is_followed(given: Any, meant: Any) -> None:
    assert THERE.resolve(given) == meant


@pytest.mark.parametrize(
    "given", [{"Ref": "No"}, {"Fn::GetAtt": ["Queue", "No"]}, {"Fn::Base64": "x"}, {"Fn::Sub": "${No}"}]
)
def test_what_cannot_be_followed_is_named(given: Any) -> None:
    with pytest.raises(Unresolvable, match=r"No|Base64"):
        THERE.resolve(given)


def test_a_condition_is_what_its_parts_are() -> None:
    assert THERE.holds("Large")
    assert not THERE.holds("Small")
    assert THERE.holds({"Fn::Or": [{"Condition": "Small"}, {"Condition": "Large"}]})
    assert not THERE.holds({"Fn::And": [{"Condition": "Small"}, {"Condition": "Large"}]})
    with pytest.raises(Unresolvable, match="Medium"):
        THERE.holds("Medium")
