"""A sweep is shown with every cell in its place."""

import pytest
from rich.console import Console

from wavetank.scenarios.exploration.sweep import table
from wavetank.scenarios.exploration.sweep.cells import CallSite, Cell, Mode
from wavetank.scenarios.exploration.sweep.sweep import FinalState, Result
from wavetank.scenarios.oracle.evidence import Verdict

SITE = CallSite({"caller": "wavetank-f", "service": "s3", "operation": "PutObject", "key": "k", "prefix": ""}, 1)


def result(mode: Mode, verdict: Verdict) -> Result:
    return Result(Cell(SITE, mode), "flow", verdict, "" if verdict is Verdict.PASS else "it is wrong")


def shown(results: list[Result]) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(table.matrix(results))
    return capture.get()


def test_the_matrix_has_a_row_for_each_call_and_a_mark_for_each_mode() -> None:
    verdicts = [Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, *[Verdict.PASS] * (len(Mode) - 3)]
    text = shown([result(mode, verdict) for mode, verdict in zip(Mode, verdicts, strict=True)])
    assert all(str(mode).split()[0] in text for mode in Mode)
    [row] = [line for line in text.splitlines() if "PutObject k" in line]
    assert row.split() == ["wavetank-f", "PutObject", "k", "pass", "FAIL", "?", *["pass"] * (len(Mode) - 3)]


def test_what_is_no_pass_is_told_with_its_reason_and_counted_in_the_document() -> None:
    results = [result(Mode.ERROR_BEFORE, Verdict.PASS), result(Mode.CRASH_AFTER, Verdict.FAIL)]
    assert table.wrong(results) == ["fail: wavetank-f, PutObject k, crash after: it is wrong"]
    document = table.document(results, 1.0)
    assert document["verdicts"] == {"pass": 1, "fail": 1, "inconclusive": 0}
    assert [cell["mode"] for cell in document["cells"]] == ["error before", "crash after"]


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (FinalState({"a": "1", "b": "2"}, frozenset({("bad-frame", "x")})), ""),
        (FinalState({"a": "1", "b": "3"}, frozenset({("bad-frame", "x")})), "1 of 2 files differ, such as b"),
        (FinalState({"a": "1"}, frozenset({("bad-frame", "x")})), "1 of 2 files differ, such as b"),
        (FinalState({"a": "1", "b": "2", "c": "3"}, frozenset({("bad-frame", "x")})), "1 of 3 files differ, such as c"),
        (FinalState({"a": "1", "b": "2"}, frozenset()), "quarantine: 1 records are missing, 0 too many"),
        (
            FinalState({"a": "1", "b": "2"}, frozenset({("bad-frame", "x"), ("y", "z")})),
            "0 records are missing, 1 too many",
        ),
    ],
)
def test_any_difference_at_rest_or_in_quarantine_is_told(left: FinalState, said: str) -> None:
    right = FinalState({"a": "1", "b": "2"}, frozenset({("bad-frame", "x")}))
    found = left.differs(right)
    assert said in found
    assert bool(found) is bool(said)
