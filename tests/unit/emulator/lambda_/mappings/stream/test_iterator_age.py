"""Iterator ages are gathered by function and handed over together, at the latest when a settle asks."""

from collections.abc import Sequence

from wavetank.emulator.lambda_.mappings.stream.iterator_age import IteratorAges
from wavetank.emulator.runtime.inflight import IN_FLIGHT

A, B = (f"arn:aws:lambda:us-east-1:000000000000:function:{name}" for name in "ab")


def test_a_settle_hands_over_what_was_gathered() -> None:
    put: list[tuple[str, float, Sequence[float]]] = []
    ages = IteratorAges(lambda *given: put.append(given))
    ages.start()
    ages.note(A, arrived=10.0, sent=12.5)
    ages.note(A, arrived=20.0, sent=19.0)
    ages.note(B, arrived=10.0, sent=11.0)
    assert ages.is_waiting()
    assert IN_FLIGHT.settle(10) == []
    assert put == [(A, 0.0, [2500.0, 0.0]), (B, 0.0, [1000.0])]
    ages.stop()


def test_an_age_belongs_to_the_minute_of_emulator_time_in_which_it_was_measured() -> None:
    put: list[tuple[str, float, Sequence[float]]] = []
    ages = IteratorAges(lambda *given: put.append(given))
    for sent in (59.0, 60.0, 119.9, 3600.5):
        ages.note(A, arrived=59.0, sent=sent)
    ages.publish()
    assert [(minute_s, len(some)) for _, minute_s, some in put] == [(0.0, 1), (60.0, 2), (3600.0, 1)]


def test_a_function_whose_ages_are_not_taken_keeps_no_other_waiting() -> None:
    put: list[str] = []

    def refuse_a(function: str, _minute_s: float, _ages: Sequence[float]) -> None:
        if function == A:
            raise LookupError
        put.append(function)

    ages = IteratorAges(refuse_a)
    for function in (A, B):
        ages.note(function, 1.0, 2.0)
    ages.publish()
    assert put == [B]
    assert not ages.is_waiting()
