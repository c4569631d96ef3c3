"""A history survives being written down."""

import json

import pytest

from wavetank.scenarios.oracle.history import History, Mark, Operation, Outcome, from_lines

SENT = Operation(
    "click",
    "c1",
    {"event_id": "c1", "event_time": 1_574_596_800_000_000, "attributes": {"ü": "広告"}, "position": None},
    "ab" * 32,
    Outcome.UNKNOWN,
    0.25,
    1.5,
    reason="ReadTimeoutError",
    repeat=True,
)
HISTORY = History((SENT,), (Mark(0.1, "fault", "lossy"),))


def test_a_history_read_back_is_the_history_that_was_written() -> None:
    assert from_lines(HISTORY.lines()) == HISTORY


def test_each_line_is_one_json_document() -> None:
    lines = list(HISTORY.lines())
    assert [list(json.loads(line)) for line in lines] == [["mark"], ["operation"]]
    assert all("\n" not in line for line in lines)


def test_empty_lines_are_passed_over() -> None:
    assert from_lines(["", *HISTORY.lines(), "\n"]) == HISTORY


def test_a_line_of_something_else_is_refused_by_its_number() -> None:
    with pytest.raises(ValueError, match="line 2 is neither"):
        from_lines(["", '{"note": 1}'])


def test_event_types_are_those_attempted() -> None:
    assert HISTORY.event_types == ("click",)
    assert HISTORY.of("click") == (SENT,)
    assert HISTORY.of("conversion") == ()


def test_an_operation_without_a_numeric_time_says_so() -> None:
    with pytest.raises(TypeError, match="event_time of c1"):
        _ = Operation("click", "c1", {"event_time": "noon"}, "", Outcome.OK, 0, 0).event_time_us
