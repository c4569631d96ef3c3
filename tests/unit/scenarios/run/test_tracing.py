"""What is traced begins when the run did, by every clock that it had."""

from wavetank.scenarios.run.tracing import first_of


def test_a_clock_that_was_moved_on_and_started_anew_is_traced_from_its_earliest_time() -> None:
    moved_on, anew = (10.0, 7_200.0), (20.0, 30.0)
    assert first_of([moved_on, anew]) == anew[1]
