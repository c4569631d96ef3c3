"""Rates of calls: never more than allowed in any second, whoever else calls."""

from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.limits.calls import RATES, WINDOW_S, Rates
from wavetank.emulator.limits.register import KINDS

CALLER = ("000000000000", "us-east-1", "kinesis", "ListStreams")


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 10))
def test_in_no_second_more_calls_are_admitted_than_allowed(moments: list[float], most: int) -> None:
    rates = Rates()
    admitted = [moment for moment in sorted(moments) if rates.admit(CALLER, most, moment)]
    for first in admitted:
        assert sum(first <= moment < first + WINDOW_S for moment in admitted) <= most


def test_a_call_is_admitted_again_a_second_later() -> None:
    rates = Rates()
    assert [rates.admit(CALLER, 1, at) for at in (10.0, 10.9, 11.0)] == [True, False, True]


def test_callers_do_not_use_up_what_others_have() -> None:
    rates = Rates()
    others = [(*CALLER[:3], "CreateStream"), ("111111111111", *CALLER[1:]), (CALLER[0], "eu-west-1", *CALLER[2:])]
    assert all(rates.admit(caller, 1, 10.0) for caller in (CALLER, *others))


def test_no_rate_is_higher_than_the_limit_that_it_is_of() -> None:
    for limit, rates in RATES.values():
        assert max(rates.values()) == KINDS[limit].value
