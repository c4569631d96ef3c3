"""The rules of composite alarms are read and hold as "Combining alarms" says."""

import pytest

from wavetank.emulator.cloudwatch.core.rule import RuleError, read_rule
from wavetank.emulator.cloudwatch.core.verdict import State

STATES = {
    "a": State.ALARM,
    "b": State.OK,
    "c d": State.INSUFFICIENT_DATA,
    "arn:aws:cloudwatch:r:1:alarm:e": State.ALARM,
}


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ('ALARM("a")', True),
        ("ALARM(a)", True),
        ("ALARM(arn:aws:cloudwatch:r:1:alarm:e)", True),
        ('OK("a")', False),
        ('OK("b")', True),
        ('INSUFFICIENT_DATA("c d")', True),
        ('ALARM("gone")', False),
        ("TRUE", True),
        ("FALSE", False),
        ("NOT FALSE", True),
        ("NOT NOT ALARM(a)", True),
        ("ALARM(a) AND ALARM(b)", False),
        ("ALARM(a) OR ALARM(b)", True),
        ("ALARM(a) AND NOT ALARM(b)", True),
        ("ALARM(a) OR ALARM(b) AND ALARM(b)", True),
        ("(ALARM(a) OR ALARM(b)) AND ALARM(b)", False),
        ('(ALARM("a") OR ALARM("b")) AND OK("b")', True),
        ("NOT (ALARM(b) OR FALSE)\n AND TRUE", True),
    ],
)
def test_a_rule_holds(rule: str, holds: bool) -> None:
    assert read_rule(rule).holds(STATES.get) is holds


def test_a_rule_names_its_children_in_order() -> None:
    children = [child.alarm for child in read_rule('ALARM("x") AND (OK(y) OR NOT ALARM("z"))').children()]
    assert children == ["x", "y", "z"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("", "1 to 10240 characters"),
        (" ALARM(a)", "leading or trailing whitespace"),
        ("ALARM(a", "ends too early"),
        ("ALARM a", "has 'a' where it makes no sense"),
        ("ALARM(a) ALARM(b)", "has 'ALARM' where"),
        ("ALARM(a) AND", "ends too early"),
        ("RINGS(a)", "has 'RINGS' where"),
        ('ALARM("a)', "a quote that does not end"),
        ("ALARM()", "has '\\)' where"),
        (" OR ".join(f"ALARM(a{number})" for number in range(101)), "more than 100 child alarms"),
        (" OR ".join(["TRUE"] * 501), "more than 500 elements"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_the_place(rule: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        read_rule(rule)
