"""Iterator ages are gathered by function and handed over together, at the latest when a settle asks."""

from collections.abc import Sequence

from emulator.inflight import IN_FLIGHT
from emulator.lambda_.event_source.iterator_age import IteratorAges

A, B = (f"arn:aws:lambda:us-east-1:000000000000:function:{name}" for name in "ab")


def test_a_settle_hands_over_what_was_gathered() -> None:
    put: dict[str, Sequence[float]] = {}
    ages = IteratorAges(put.__setitem__)
    ages.start()
    ages.note(A, arrived=10.0, sent=12.5)
    ages.note(A, arrived=20.0, sent=19.0)
    ages.note(B, arrived=10.0, sent=11.0)
    assert ages.is_waiting()
    assert IN_FLIGHT.settle(10) == []
    assert put == {A: [2500.0, 0.0], B: [1000.0]}
    ages.stop()


def test_a_function_whose_ages_are_not_taken_keeps_no_other_waiting() -> None:
    put: list[str] = []

    def refuse_a(function: str, _ages: Sequence[float]) -> None:
        if function == A:
            raise LookupError
        put.append(function)

    ages = IteratorAges(refuse_a)
    for function in (A, B):
        ages.note(function, 1.0, 2.0)
    ages.publish()
    assert put == [B]
    assert not ages.is_waiting()
