"""LocalStack's chaos rules and AWS FIS's action ids become faults."""

import pytest

from wavetank.emulator.faults import chaos
from wavetank.emulator.faults.engine import Faults
from wavetank.emulator.faults.model import InvalidFaultError
from wavetank.emulator.faults.parse import parse
from wavetank.emulator.faults.points import Point

CALL = {"service": "s3", "operation": "PutObject", "resource": "b", "region": "us-east-1"}


@pytest.mark.parametrize("action", sorted(chaos.FIS))
def test_each_fis_action_is_a_fault(action: str) -> None:
    assert parse(chaos.unalias({"action": action}), "f").point in {"lambda.invoke", "kinesis.put", "kinesis.get"}


def test_other_documents_stay_as_they_are() -> None:
    assert chaos.unalias({"point": "s3.notification", "action": "drop"}) == {
        "point": "s3.notification",
        "action": "drop",
    }
    assert chaos.unalias([1]) == [1]


def test_an_empty_rule_fires_at_everything_with_the_defaults() -> None:
    faults = Faults()
    chaos.replace(faults, [{}])
    firing = faults.fire(Point.AWS_CALL, CALL, "x")
    assert firing is not None
    assert (firing.parameters["status"], firing.parameters["code"]) == (503, "ServiceUnavailable")


def test_the_first_rule_that_matches_acts_and_other_faults_stay() -> None:
    faults = Faults()
    faults.add({"id": "mine", "point": "s3.notification", "action": "drop"})
    chaos.replace(faults, [{"service": "s3", "error": {"code": "One"}}, {"error": {"code": "Two"}}])
    codes = [
        firing.parameters["code"]
        for service in ("s3", "sns")
        if (firing := faults.fire(Point.AWS_CALL, {**CALL, "service": service}, "x"))
    ]
    assert codes == ["One", "Two"]
    chaos.replace(faults, [])
    assert [status.fault.id for status in faults.statuses()] == ["mine"]


@pytest.mark.parametrize("rule", [3, {"services": "s3"}, {"error": {"status": 1}}, {"probability": 2}])
def test_what_is_no_rule_is_refused_and_changes_nothing(rule: object) -> None:
    faults = Faults()
    chaos.replace(faults, [{"service": "s3"}])
    with pytest.raises(InvalidFaultError):
        chaos.replace(faults, [{}, rule])
    assert chaos.rules(faults)[0]["service"] == "s3"
