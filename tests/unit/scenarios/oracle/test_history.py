"""A history survives being written down."""

import json
import math
from dataclasses import replace

import pytest

from wavetank.scenarios.oracle.at_rest import canonical
from wavetank.scenarios.oracle.history import History, Mark, Operation, Outcome, Value, from_lines

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


EVERY_KIND: dict[str, Value] = {
    "event_time": 5,
    "bytes": b"\x00\xff",
    "floats": [1.5, -0.0, math.inf, -math.inf, math.nan],
    "nested": {"$base64": "text", "list": [{"a": b""}, None, []], "$mapping": []},
    "map": {"a": {"b": [b"x"]}},
}


def test_values_of_every_kind_survive_being_written_down_as_strict_json() -> None:
    history = History((replace(SENT, content=EVERY_KIND),))
    lines = list(history.lines())
    assert not any("NaN" in line.replace('"nan"', "") or "Infinity" in line for line in lines)
    (operation,) = from_lines(lines).operations
    assert canonical(operation.content) == canonical(EVERY_KIND)


def test_equal_values_have_one_text_and_others_another() -> None:
    assert canonical(math.nan) == canonical(float("nan"))
    assert canonical({"a": 1, "b": [b"x"]}) == canonical({"b": [b"x"], "a": 1})
    different: list[Value] = [0.0, -0.0, 0, False, "0", b"0", None, [], {}, [0], {"0": 0}]
    assert len(set(map(canonical, different))) == len(different)


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
