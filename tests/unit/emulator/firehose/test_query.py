"""jq programs run in a process of their own, within bounds."""

import pytest

from wavetank.emulator.firehose.query import TOO_COSTLY, QueryError, check_query, extract

FOR_EVER = "(def f: f; f)"
ENDLESS_MEMORY = '("x" | until(false; . + .))'


def test_each_record_has_its_keys_or_a_reason_in_order() -> None:
    records = [b'{"a": "x"}', b"no JSON", b'{"a": 1}{"a": 2}', b"\xff", b'{"a": [1]}', b"[]", b'{"a": null}']
    answers = extract("{k: .a}", records)
    assert answers[0] == {"k": "x"}
    assert answers[1:4] == ["Non JSON record provided"] * 3
    assert answers[4] == {"k": []}
    assert isinstance(answers[5], str)
    assert answers[6] == {"k": None}


@pytest.mark.parametrize("program", ["empty", ".a", "halt", "[.a]"])
def test_a_program_that_gives_no_object_gives_no_keys(program: str) -> None:
    assert [type(answer) for answer in extract(program, [b'{"a": "x"}', b'{"a": "y"}'])][1:] == [str]


@pytest.mark.parametrize("program", ["{", "foo(1)", "{k: $nowhere}"])
def test_what_is_no_program_is_refused_with_the_reason_of_jq(program: str) -> None:
    with pytest.raises(QueryError, match="jq: error"):
        check_query(program)


def test_a_record_that_costs_too_much_time_or_memory_has_no_keys_and_the_others_do() -> None:
    program = f'{{k: (if .a == "time" then {FOR_EVER} elif .a == "memory" then {ENDLESS_MEMORY} else .a end)}}'
    answers = extract(program, [b'{"a": "%s"}' % name for name in (b"one", b"time", b"two", b"memory", b"three")])
    assert answers == [{"k": "one"}, TOO_COSTLY, {"k": "two"}, TOO_COSTLY, {"k": "three"}]


def test_a_program_that_is_too_costly_for_each_record_is_not_run_for_all_of_them() -> None:
    assert extract(f"{{k: {FOR_EVER}}}", [b"{}"] * 1000) == [TOO_COSTLY] * 1000


def test_values_that_no_prefix_can_hold_do_not_come_back() -> None:
    (answer,) = extract('{k: ("x" * 2000)}', [b"{}"])
    assert isinstance(answer, str)


def test_a_program_sees_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "value")
    assert extract("{k: env.SECRET}", [b"{}"]) == [{"k": None}]
