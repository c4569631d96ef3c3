"""What is not a fault is refused with what would have been one."""

from typing import Any

import pytest

from wavetank.emulator.faults.model import Fault, InvalidFaultError, When, Window, document
from wavetank.emulator.faults.parse import parse
from wavetank.emulator.faults.points import POINTS, Action, Point

DROP: dict[str, Any] = {"point": "s3.notification", "action": "drop"}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ([], "must be a JSON object"),
        (None, "must be a JSON object"),
        ({}, "there is no fault point None; there are: aws.call, esm.batch"),
        ({"point": "s3"}, "there is no fault point 's3'"),
        ({"point": ["s3.notification"]}, "there is no fault point"),
        ({"point": "esm.batch"}, "esm.batch has no action None; it has: delay, duplicate"),
        ({**DROP, "action": "lose"}, "s3.notification has no action 'lose'; it has: delay, drop, duplicate"),
        ({**DROP, "action": ["drop"]}, "has no action"),
        ({**DROP, "wenn": {}}, "a fault has no field 'wenn'; it has: action, id, match, parameters"),
        ({**DROP, "id": ""}, "id must be a text"),
        ({**DROP, "id": 3}, "id must be a text"),
        ({**DROP, "seed": "x"}, "seed must be a whole number"),
        ({**DROP, "seed": True}, "seed must be a whole number"),
        ({**DROP, "match": {"kee": "x"}}, "no field to match by 'kee'; it has: bucket, destination, event"),
        ({**DROP, "match": {"key": 1}}, "match.key must be a pattern such as"),
        ({**DROP, "match": ["key"]}, "match must be a JSON object"),
        ({**DROP, "when": {"nht": 1}}, "when has no condition 'nht'; it has: count, every, nth, probability"),
        ({**DROP, "when": {"nth": 0}}, "when.nth must be a whole number of at least 1"),
        ({**DROP, "when": {"nth": []}}, "when.nth must name at least one event"),
        ({**DROP, "when": {"nth": [1, "2"]}}, "when.nth must be a whole number"),
        ({**DROP, "when": {"every": 0}}, "when.every must be a whole number of at least 1"),
        ({**DROP, "when": {"every": True}}, "when.every must be a whole number"),
        ({**DROP, "when": {"count": 1.5}}, "when.count must be a whole number"),
        ({**DROP, "when": {"probability": 1.1}}, "when.probability must be a number from 0 to 1"),
        ({**DROP, "when": {"probability": float("nan")}}, "when.probability must be a number from 0 to 1"),
        ({**DROP, "when": {"probability": "0.5"}}, "when.probability must be a number"),
        ({**DROP, "when": {"window": [5]}}, "when.window must be [start_s, end_s], two numbers"),
        ({**DROP, "when": {"window": [5, 5]}}, "when.window must start at 0 or later and end later still"),
        ({**DROP, "when": {"window": [-1, 5]}}, "when.window must start at 0 or later"),
        ({**DROP, "when": {"window": [0, float("nan")]}}, "when.window must"),
        (
            {**DROP, "parameters": {"copies": 2}},
            "s3.notification drop has no parameter 'copies'; it has: none",
        ),
        ({**DROP, "action": "duplicate", "parameters": {"copies": 0}}, "parameters.copies must be a whole"),
        ({**DROP, "action": "duplicate", "parameters": {"copies": 1.5}}, "parameters.copies must be a whole"),
        (
            {**DROP, "action": "delay", "parameters": {"delay_s": -1}},
            "parameters.delay_s must be a number from 0 to 31622400",
        ),
        ({**DROP, "action": "delay", "parameters": {"delay_s": float("inf")}}, "parameters.delay_s must be"),
        (
            {"point": "aws.call", "action": "error-before", "parameters": {"status": 200}},
            "parameters.status must be a whole number from 400 to 599",
        ),
        (
            {"point": "aws.call", "action": "error-before", "parameters": {"code": 5}},
            "parameters.code must be a text",
        ),
    ],
)
def test_what_is_not_a_fault_is_refused(given: object, complaint: str) -> None:
    with pytest.raises(InvalidFaultError) as refusal:
        parse(given, "f")
    assert complaint in str(refusal.value)


def test_a_full_document_becomes_the_fault_it_says() -> None:
    given = {
        "id": "lossy",
        "point": "s3.notification",
        "action": "delay",
        "match": {"key": "chunks/*"},
        "when": {"nth": [2, 5], "every": 1, "probability": 0.5, "count": 3, "window": [0, 60]},
        "seed": 7,
        "parameters": {"delay_s": 90},
    }
    assert parse(given, "unused") == Fault(
        "lossy",
        Point.S3_NOTIFICATION,
        Action.DELAY,
        {"key": "chunks/*"},
        When(frozenset({2, 5}), 1, 0.5, 3, Window(0, 60)),
        7,
        {"delay_s": 90.0},
    )


def test_a_short_document_gets_every_default() -> None:
    assert parse({**DROP, "action": "duplicate"}, "f") == Fault(
        "f", Point.S3_NOTIFICATION, Action.DUPLICATE, parameters={"copies": 1}
    )


@pytest.mark.parametrize("point", POINTS.values(), ids=lambda point: point.name)
def test_every_action_of_every_point_survives_a_round_trip(point: Any) -> None:
    for action in point.actions:
        match = dict.fromkeys(point.fields, "*")
        fault = parse({"point": point.name, "action": str(action), "match": match, "when": {"nth": 3}}, "f")
        assert parse(document(fault), "other") == fault
