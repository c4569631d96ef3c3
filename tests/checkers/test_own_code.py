"""Own code of an event type in the oracle's eyes: its fates, the class of dropped events, and its three checkers."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from wavetank.scenarios.oracle.at_rest import AtRest, Model, Quarantined, Stored
from wavetank.scenarios.oracle.avro import type_of
from wavetank.scenarios.oracle.checkers import judge
from wavetank.scenarios.oracle.evidence import (
    Copies,
    Evidence,
    Expectations,
    ObservedFlow,
    ProcessedBody,
    RawRecord,
    Verdict,
)
from wavetank.scenarios.oracle.history import History, Operation, Outcome, Value
from wavetank.scenarios.oracle.ledger import draw_up
from wavetank.scenarios.oracle.own_code import Fate, OwnCode, load
from wavetank.scenarios.oracle.own_code_checkers import deterministic, dropped, own_code

NOON_US = 1_574_596_800_000_000
"""2019-11-24 12:00 UTC."""
PRICE = {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}
TARGET = type_of(
    {
        "type": "record",
        "name": "Click",
        "fields": [
            {"name": "event_id", "type": "string"},
            {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            {"name": "place", "type": ["null", "int"], "default": None},
            {"name": "price", "type": PRICE, "default": "\x00"},
            {"name": "seen", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}], "default": None},
        ],
    }
)  # fmt: skip


def judged(event: dict[str, Any], _reference: object) -> dict[str, Any] | None:
    """Places from 3 on are dropped, 2 raises, 1 is no number any more, none breaks the rule."""
    if event["place"] is not None and event["place"] > 2:
        return None
    if event["place"] == 2:
        raise ValueError
    return event | {"place": "first"} if event["place"] == 1 else event


JUDGED = OwnCode(TARGET, judged, rules=({"field": "place", "required": True},))
MODEL = Model(2, own={"click": JUDGED})


def sent(event_id: str, place: int | None, **more: Value) -> Operation:
    content: dict[str, Value] = {"event_id": event_id, "event_time": NOON_US, "place": place, **more}
    return Operation("click", event_id, content, f"bytes of {event_id}", Outcome.OK, 0.0, 0.1)


def at_rest(operation: Operation) -> Stored:
    partition = MODEL.partition_of("click", operation.event_id, NOON_US)
    return Stored(operation.event_id, MODEL.expected("click", operation.content), partition, f"avro/{partition}")


def aside(operation: Operation, reason: str) -> Quarantined:
    return Quarantined("click", reason, operation.payload, source="q", event_id=operation.event_id)


RAISED, MISFIT, INVALID, SOUND, GONE = (sent(f"c{place}", place) for place in (2, 1, None, 0, 3))
QUARANTINE = (aside(RAISED, "enrichment-raised"), aside(MISFIT, "enrichment-failed"), aside(INVALID, "invalid"))
HISTORY = History((RAISED, MISFIT, INVALID, SOUND, GONE))
EVIDENCE = Evidence(
    HISTORY, AtRest(avro=(at_rest(SOUND),), quarantine=QUARANTINE), MODEL, flow=ObservedFlow(dropped={"click": 2})
)


@pytest.mark.parametrize(
    ("operation", "fate"),
    [
        (RAISED, Fate.RAISED),
        (MISFIT, Fate.MISFIT),
        (INVALID, Fate.INVALID),
        (SOUND, Fate.GOES_ON),
        (GONE, Fate.DROPPED),
    ],
)
def test_each_fate_is_told_from_what_was_sent(operation: Operation, fate: Fate) -> None:
    assert MODEL.fate("click", operation.content) is fate
    assert MODEL.fate("other", operation.content) is Fate.GOES_ON


def test_values_are_pythons_for_the_code_and_words_for_the_oracle() -> None:
    given: list[dict[str, Any]] = []

    def keep(event: dict[str, Any], _reference: object) -> dict[str, Any]:
        given.append(event)
        return event | {"price": event["price"] * 2, "seen": event["seen"] + 1}

    code = OwnCode(TARGET, keep)
    result = code.result({"event_id": "a", "event_time": NOON_US, "price": "1.50", "seen": 5_000}, {})
    assert given[0] == {"event_id": "a", "event_time": NOON_US, "place": None, "price": Decimal("1.50"), "seen": 5}
    assert (result.content["price"], result.content["seen"]) == ("3.00", 6_000)
    assert code.result({"event_id": "a", "event_time": NOON_US, "seen": 0}, {}).content["price"] == "0.00"


def test_enrich_is_loaded_from_a_file_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text("def place(): return 7\n")
    file = tmp_path / "enrich.py"
    file.write_text(
        "from .helpers import place\nREFERENCES = ('rates',)\n"
        "def enrich(event, reference): return event | {'place': place()}\n"
    )
    enrich, references = load(file)
    assert OwnCode(TARGET, enrich).result(SOUND.content, {}).content["place"] == 7
    assert references == ("rates",)


def test_what_is_dropped_on_purpose_is_a_class_of_its_own_and_the_ledger_balances() -> None:
    entry = draw_up(HISTORY, EVIDENCE.at_rest, MODEL)["click"]
    assert (entry.ledger.landed, entry.ledger.quarantined, entry.ledger.dropped, entry.ledger.lost) == (1, 3, 1, 0)
    assert (entry.ledger.balanced, entry.ids["dropped"]) == (True, ("c3",))


def test_an_event_that_should_have_been_dropped_and_is_at_rest_is_unexpected() -> None:
    entry = draw_up(HISTORY, AtRest(avro=(at_rest(GONE),), quarantine=QUARANTINE), MODEL)["click"]
    assert (entry.ledger.unexpected, entry.ledger.dropped, entry.ids["unexpected"]) == (1, 0, ("c3",))


def test_a_version_of_an_event_that_is_not_dropped_has_to_land() -> None:
    other = replace(GONE, content={**GONE.content, "place": 0}, payload="other bytes")
    entry = draw_up(History((GONE, other)), AtRest(), MODEL)["click"]
    assert (entry.ledger.lost, entry.ledger.dropped) == (1, 0)
    landed = draw_up(History((GONE, other)), AtRest(avro=(at_rest(other),)), MODEL)["click"]
    assert (landed.ledger.landed, landed.ledger.corrupted) == (1, 0)


def test_own_code_is_held_to_exactly_what_it_sets_aside() -> None:
    assert own_code(EVIDENCE).verdict is Verdict.PASS
    missing = replace(EVIDENCE, at_rest=AtRest(quarantine=QUARANTINE[1:]))
    assert "click c2: enrichment-raised, and it is not set aside" in own_code(missing).detail
    other = replace(EVIDENCE, at_rest=AtRest(quarantine=(*QUARANTINE[1:], aside(RAISED, "invalid"))))
    assert "click c2: enrichment-raised, and it is invalid" in own_code(other).detail
    wrong = replace(EVIDENCE, at_rest=AtRest(quarantine=(*QUARANTINE, aside(SOUND, "invalid"))))
    assert "click c0: goes on, and it is invalid" in own_code(wrong).detail
    unknown = replace(RAISED, outcome=Outcome.UNKNOWN)
    assert own_code(replace(missing, history=History((unknown, MISFIT, INVALID)))).verdict is Verdict.PASS


def test_code_that_was_mended_is_judged_by_what_was_deployed_first() -> None:
    mended = replace(MODEL, own={"click": OwnCode(TARGET)}, own_before={"click": JUDGED})
    assert own_code(replace(EVIDENCE, model=mended)).verdict is Verdict.PASS
    assert own_code(replace(EVIDENCE, model=replace(mended, own_before={}))).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("counted", "verdict"), [(0, Verdict.FAIL), (1, Verdict.PASS), (5, Verdict.PASS)]
)  # fmt: skip
def test_what_is_dropped_is_counted_at_least_once(counted: int, verdict: Verdict) -> None:
    assert dropped(replace(EVIDENCE, flow=ObservedFlow(dropped={"click": counted}))).verdict is verdict


def test_nothing_is_counted_as_dropped_that_is_not() -> None:
    evidence = Evidence(History((SOUND,)), AtRest(avro=(at_rest(SOUND),)), MODEL)
    assert dropped(replace(evidence, flow=ObservedFlow(dropped={"click": 1}))).verdict is Verdict.FAIL
    assert dropped(replace(evidence, flow=ObservedFlow())).verdict is Verdict.PASS
    assert dropped(evidence).verdict is Verdict.INCONCLUSIVE


def copies(raw: Sequence[RawRecord], *contents: dict[str, Value], schema: str = "01") -> ObservedFlow:
    bodies = tuple(ProcessedBody(schema, content) for content in contents)
    return ObservedFlow(processed={"click": {("c1", 5): Copies(tuple(raw), bodies)}})


ONE, OTHER, AGAIN = RawRecord("bytes", 5), RawRecord("other bytes", 6), RawRecord("bytes", 7)


@pytest.mark.parametrize(
    ("raw", "contents", "verdict"),
    [
        ((ONE,), ({"x": 1}, {"x": 2}), Verdict.FAIL),
        ((ONE, OTHER), ({"x": 1}, {"x": 2}), Verdict.PASS),
        ((ONE, OTHER), ({"x": 1}, {"x": 2}, {"x": 3}), Verdict.FAIL),
        ((ONE, AGAIN), ({"x": 1}, {"x": 2}), Verdict.FAIL),
        ((ONE,), ({"x": 1},), Verdict.PASS),
        ((ONE,), ({"x": 1}, {"x": 1}), Verdict.FAIL),
        ((), ({"x": 1},), Verdict.PASS),
    ],
)
def test_a_raw_record_gives_the_same_bytes_however_often_it_is_processed(
    raw: Sequence[RawRecord], contents: tuple[dict[str, Value], ...], verdict: Verdict
) -> None:
    finding = deterministic(Evidence(History(), AtRest(), Model(2), flow=copies(raw, *contents)))
    assert finding.verdict is verdict


def test_a_raw_record_that_is_processed_again_in_a_newer_schema_has_other_bytes_and_no_other_content() -> None:
    bodies = ProcessedBody("01", {"x": 1}), ProcessedBody("02", {"x": 1, "later": None})
    flow = ObservedFlow(processed={"click": {("c1", 5): Copies((ONE,), bodies)}})
    assert deterministic(Evidence(History(), AtRest(), Model(2), flow=flow)).verdict is Verdict.PASS


def test_equal_raw_records_may_differ_where_own_code_was_mended_between_them() -> None:
    finding = deterministic(Evidence(History(), AtRest(), MODEL, flow=copies((ONE, AGAIN), {"x": 1}, {"x": 2})))
    assert finding.verdict is Verdict.PASS


def test_the_field_that_differs_is_named() -> None:
    contents: tuple[dict[str, Value], ...] = (
        {"a": 1, "m": {"at": "1", "b": "2"}},
        {"a": 1, "m": {"at": "3", "b": "2"}},
    )
    finding = deterministic(Evidence(History(), AtRest(), MODEL, flow=copies((ONE,), *contents)))
    assert "click c1: 1 raw, m.at is '1' and '3'" in finding.detail


def test_a_drill_that_has_to_be_caught_passes_when_it_is_and_fails_when_it_is_not() -> None:
    caught = Expectations(caught_by=frozenset({"dropped"}), spoils=frozenset({"own-code"}))
    wrong = replace(EVIDENCE, expectations=caught, flow=ObservedFlow(), at_rest=AtRest())
    verdicts = {
        finding.checker: finding.verdict for finding in judge(wrong, (dropped, own_code, deterministic)).findings
    }
    assert set(verdicts.values()) == {Verdict.PASS}
    unnoticed = judge(replace(EVIDENCE, expectations=caught), (dropped,)).findings[0]
    assert (unnoticed.verdict, "did not catch" in unnoticed.detail) == (Verdict.FAIL, True)
