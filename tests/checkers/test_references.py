"""Reference data in the oracle's eyes: since when which rows are in effect, which copy stays, what the others are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.scenarios.oracle.at_rest import AtRest, Enrichment, Model, Quarantined, Stored
from wavetank.scenarios.oracle.avro import type_of
from wavetank.scenarios.oracle.evidence import Copies, Evidence, ObservedFlow, ProcessedBody, RawRecord, Verdict
from wavetank.scenarios.oracle.history import History, Operation, Outcome, Value, from_lines
from wavetank.scenarios.oracle.ledger import draw_up
from wavetank.scenarios.oracle.own_code import Fate, LookUps, OwnCode
from wavetank.scenarios.oracle.reference_checkers import as_of_arrival
from wavetank.scenarios.oracle.references import (
    AS_OF,
    EFFECTIVE_AFTER_US,
    SECOND_US,
    Edition,
    IndexEntry,
    Publication,
    ReferenceHistory,
    Rows,
    history_of,
    word_of,
)

NOON_US = 1_574_596_800_000_000
"""2019-11-24 12:00 UTC: the time of the events, whenever they arrive."""
EARLY, RENEWED, LATE, BACK, LAST = (NOON_US + minutes * 60 * SECOND_US for minutes in (1, 2, 3, 4, 5))
"""Arrivals, and between them the times from which on the other rows, and then the first ones again, are in effect."""


def rows(advertiser: str) -> Rows:
    return {("men",): {"advertiser": advertiser}}


A, B = rows("Zozo"), rows("Amaz")
HISTORY_OF_A_B_A = ReferenceHistory((Edition(0, A), Edition(RENEWED, B), Edition(BACK, A)))
MODEL = Model(
    buckets=2,
    enrichments={"click": Enrichment("campaigns", ("campaign",), ("advertiser",))},
    references={"campaigns": HISTORY_OF_A_B_A},
    dated=frozenset({"click"}),
)
ONCE = replace(MODEL, references={"campaigns": ReferenceHistory((Edition(0, A),))})


def sent(payload: str = "bytes", outcome: Outcome = Outcome.OK, **more: Value) -> Operation:
    content: dict[str, Value] = {"event_id": "c1", "event_time": NOON_US, "campaign": "men", **more}
    return Operation("click", "c1", content, payload, outcome, 0.0, 0.1)


def stored(advertiser: str, as_of: int | None) -> Stored:
    content = {**sent().content, "advertiser": advertiser, AS_OF: as_of}
    return Stored("c1", content, MODEL.partition_of("click", "c1", NOON_US), "avro/key")


def is_right(
    record: Stored,
    arrivals: Mapping[str, tuple[int, ...]],
    *operations: Operation,
    model: Model = MODEL,
    aside: tuple[Quarantined, ...] = (),
) -> bool:
    """Whether the ledger takes a record at rest for what was sent."""
    history = History(operations or (sent(),), arrivals=arrivals)
    return not draw_up(history, AtRest(avro=(record,), quarantine=aside), model)["click"].ids["corrupted"]


@pytest.mark.parametrize(
    ("arrived", "advertiser", "as_of"),
    [
        (EARLY, "Zozo", 0),
        (RENEWED - 1, "Zozo", 0),
        (RENEWED, "Amaz", RENEWED),
        (LATE, "Amaz", RENEWED),
        (LAST, "Zozo", BACK),
    ],
)
def test_an_event_is_expected_with_the_rows_that_were_in_effect_when_it_arrived(
    arrived: int, advertiser: str, as_of: int
) -> None:
    content = MODEL.expected("click", sent().content, arrived)
    assert (content["advertiser"], content[AS_OF]) == (advertiser, as_of)
    assert is_right(stored(advertiser, as_of), {"bytes": (arrived,)})
    assert not is_right(stored("Amaz" if advertiser == "Zozo" else "Zozo", as_of), {"bytes": (arrived,)})


def test_of_copies_on_both_sides_of_a_change_the_one_that_arrived_before_it_stays() -> None:
    arrivals = {"bytes": (EARLY, LATE, LAST)}
    assert is_right(stored("Zozo", 0), arrivals)
    assert not is_right(stored("Amaz", RENEWED), arrivals)
    assert not is_right(stored("Zozo", BACK), arrivals)
    assert not is_right(stored("Zozo", None), arrivals)


def test_a_copy_without_an_answer_counts_where_it_arrived_and_only_there() -> None:
    lost, again = sent(outcome=Outcome.UNKNOWN), sent()
    assert not is_right(stored("Zozo", 0), {"bytes": (LATE,)}, lost, again)
    assert is_right(stored("Amaz", RENEWED), {"bytes": (LATE,)}, lost, again)
    assert is_right(stored("Zozo", 0), {"bytes": (EARLY, LATE)}, lost, again)


def test_an_event_whose_arrival_was_not_seen_may_have_come_at_any_time() -> None:
    assert is_right(stored("Zozo", 0), {})
    assert is_right(stored("Amaz", RENEWED), {})
    assert not is_right(stored("Amaz", 0), {})


def test_a_record_that_was_set_aside_and_re_driven_arrived_anew() -> None:
    aside = Quarantined("click", "given-up", "bytes", "q", "c1", arrived_us=EARLY)
    arrivals = {"bytes": (EARLY, LATE)}
    assert is_right(stored("Amaz", RENEWED), arrivals, aside=(aside,))
    # A batch that was given up may have gone on in part.
    assert is_right(stored("Zozo", 0), arrivals, aside=(aside,))
    assert not is_right(stored("Zozo", BACK), arrivals, aside=(aside,))


def test_while_a_copy_is_set_aside_behind_the_processor_another_one_may_be_at_rest() -> None:
    aside = Quarantined("click", "bad-frame", "a frame", "q", "c1")
    assert is_right(stored("Amaz", RENEWED), {"bytes": (EARLY, LATE)}, aside=(aside,))


def test_copies_of_other_bytes_are_told_apart_by_when_they_were_enriched_and_else_either_may_stay() -> None:
    first, other = sent("first", note="z"), sent("other", note="a")
    record = stored("Zozo", 0)
    records = [replace(record, content={**record.content, "note": note}) for note in ("z", "a")]
    assert [is_right(each, {"first": (EARLY,), "other": (LATE,)}, first, other) for each in records] == [True, False]
    assert [is_right(each, {"first": (EARLY,), "other": (EARLY,)}, first, other) for each in records] == [True, True]


def test_a_schema_without_the_field_says_nothing_of_when_and_either_copy_may_stay() -> None:
    undated = replace(MODEL, dated=frozenset())
    arrivals = {"bytes": (EARLY, LATE)}
    assert is_right(stored("Zozo", None), arrivals, model=undated)
    assert is_right(stored("Amaz", None), arrivals, model=undated)
    assert not is_right(stored("Zozo", 0), arrivals, model=undated)


def test_what_the_release_before_processed_says_nothing_of_when() -> None:
    assert not is_right(stored("Zozo", None), {}, model=ONCE)
    assert is_right(stored("Zozo", None), {}, model=replace(ONCE, undated=True))
    assert not is_right(stored("Amaz", None), {}, model=replace(ONCE, undated=True))


def test_own_code_sees_the_rows_in_effect_and_drops_what_it_dropped_then() -> None:
    target = type_of(
        {
            "type": "record",
            "name": "Click",
            "fields": [
                {"name": "event_id", "type": "string"},
                {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
                {"name": "campaign", "type": ["null", "string"], "default": None},
            ],
        }
    )

    def unless_amaz(event: dict[str, object], reference: LookUps) -> dict[str, object] | None:
        row = reference.find("campaigns", event["campaign"])
        return None if row is not None and row["advertiser"] == "Amaz" else event

    model = replace(MODEL, enrichments={}, own={"click": OwnCode(target, unless_amaz, references=("campaigns",))})
    fates = [model.fate("click", sent().content, at) for at in (EARLY, LATE, LAST)]
    assert fates == [Fate.GOES_ON, Fate.DROPPED, Fate.GOES_ON]
    dropped = draw_up(History((sent(),), arrivals={"bytes": (LATE,)}), AtRest(), model)["click"].ledger
    kept = draw_up(History((sent(),), arrivals={"bytes": (LATE, LAST)}), AtRest(), model)["click"].ledger
    assert (dropped.dropped, dropped.lost, kept.dropped, kept.lost) == (1, 0, 0, 1)


def test_keys_of_several_columns_and_of_other_types_find_their_row_and_null_finds_none() -> None:
    table: Rows = {("7", "de"): {"price": Decimal("1.5")}}
    price = type_of({"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2})
    enrichment = Enrichment("prices", ("number", "country"), ("price",), {"price": price})
    model = Model(2, {"click": enrichment}, references={"prices": ReferenceHistory((Edition(0, table),))})
    assert model.expected("click", {"number": 7, "country": "de"})["price"] == "1.50"
    assert "price" not in model.expected("click", {"number": 7, "country": None})
    assert "price" not in model.expected("click", {"number": 8, "country": "de"})


def test_a_value_of_a_row_is_told_as_its_field_has_it() -> None:
    assert word_of(3, type_of(["null", "double"])) == 3.0
    assert word_of(None, type_of(["null", "double"])) is None
    assert word_of("x", None) == "x"


PUBLISHED = (Publication(A, 0, 0), Publication(B, EARLY, EARLY + 2 * SECOND_US), Publication(A, LATE, LATE))
AFTER = EFFECTIVE_AFTER_US
INDEX = (IndexEntry(0, "a"), IndexEntry(EARLY + AFTER + SECOND_US, "b"), IndexEntry(LATE + AFTER, "a"))


def test_an_index_that_agrees_with_what_was_published_says_since_when() -> None:
    history = history_of(PUBLISHED, INDEX)
    assert history == ReferenceHistory((Edition(0, A), Edition(EARLY + AFTER + SECOND_US, B), Edition(LATE + AFTER, A)))


def test_rows_that_are_published_again_as_they_are_make_no_entry() -> None:
    again = (PUBLISHED[0], Publication(A, 5, 5), *PUBLISHED[1:], Publication(A, LAST, LAST))
    assert history_of(again, INDEX) == history_of(PUBLISHED, INDEX)


@pytest.mark.parametrize(
    "index",
    [
        pytest.param((), id="none"),
        pytest.param(INDEX[:2], id="an entry is missing"),
        pytest.param((*INDEX, IndexEntry(LAST + AFTER, "b")), id="an entry too many"),
        pytest.param((replace(INDEX[0], from_us=1), *INDEX[1:]), id="not from the beginning"),
        pytest.param((INDEX[0], replace(INDEX[1], from_us=EARLY), INDEX[2]), id="in effect too early"),
        pytest.param((INDEX[0], replace(INDEX[1], from_us=EARLY + AFTER + 9 * SECOND_US), INDEX[2]), id="too late"),
        pytest.param((INDEX[0], INDEX[2], INDEX[1]), id="out of order"),
        pytest.param((INDEX[0], INDEX[1], replace(INDEX[2], digest="c")), id="equal rows with two snapshots"),
        pytest.param((INDEX[0], replace(INDEX[1], digest="a"), INDEX[2]), id="other rows with one snapshot"),
    ],
)
def test_an_index_that_says_anything_else_is_wrong_and_is_not_believed(index: Sequence[IndexEntry]) -> None:
    history = history_of(PUBLISHED, index)
    assert history.problems
    assert [edition.rows for edition in history.editions] == [A, B, A]
    assert history.editions[1].since_us == EARLY + 2 * SECOND_US + AFTER
    finding = as_of_arrival(Evidence(History(), AtRest(), replace(MODEL, references={"campaigns": history})))
    assert (finding.verdict, "the index of campaigns is wrong" in finding.detail) == (Verdict.FAIL, True)


@given(st.lists(st.integers(0, 10**9), min_size=1, unique=True).map(sorted), st.integers(0, 2 * 10**9))
def test_the_edition_in_effect_is_the_last_one_that_is_not_later_than_the_arrival(times: list[int], at: int) -> None:
    editions = tuple(Edition(since, rows(str(since))) for since in (0, *(time + 1 for time in times)))
    assert ReferenceHistory(editions).as_of(at).since_us == max(e.since_us for e in editions if e.since_us <= at)


def body(advertiser: str, as_of: int | None, schema: str = "01") -> ProcessedBody:
    return ProcessedBody(schema, stored(advertiser, as_of).content)


BEFORE, AFTERWARDS = RawRecord("bytes", EARLY), RawRecord("bytes", LATE)


@pytest.mark.parametrize(
    ("raw", "bodies", "verdict"),
    [
        ((BEFORE,), (body("Zozo", 0),), Verdict.PASS),
        ((BEFORE, AFTERWARDS), (body("Zozo", 0), body("Amaz", RENEWED)), Verdict.PASS),
        ((BEFORE, AFTERWARDS), (body("Zozo", 0), body("Zozo", RENEWED)), Verdict.FAIL),
        ((BEFORE, AFTERWARDS), (body("Amaz", 0), body("Amaz", RENEWED)), Verdict.FAIL),
        ((BEFORE,), (body("Zozo", 0), body("Amaz", RENEWED)), Verdict.FAIL),
        ((BEFORE,), (body("Zozo", None),), Verdict.FAIL),
        ((RawRecord("nobody's", EARLY),), (body("Amaz", 0),), Verdict.PASS),
    ],
)
def test_each_processed_copy_is_enriched_as_one_of_its_raw_records_has_to_be(
    raw: tuple[RawRecord, ...], bodies: tuple[ProcessedBody, ...], verdict: Verdict
) -> None:
    flow = ObservedFlow(processed={"click": {("c1", NOON_US // 1_000): Copies(raw, bodies)}})
    assert as_of_arrival(Evidence(History((sent(),)), AtRest(), MODEL, flow=flow)).verdict is verdict


def test_a_copy_in_a_version_without_the_field_is_judged_by_its_columns() -> None:
    content = {name: value for name, value in stored("Zozo", 0).content.items() if name != AS_OF}
    for advertiser, verdict in (("Zozo", Verdict.PASS), ("Amaz", Verdict.FAIL)):
        copies = Copies((BEFORE,), (ProcessedBody("01", {**content, "advertiser": advertiser}),))
        flow = ObservedFlow(processed={"click": {("c1", 5): copies}})
        assert as_of_arrival(Evidence(History((sent(),)), AtRest(), MODEL, flow=flow)).verdict is verdict


def test_without_a_look_at_the_streams_nothing_is_shown() -> None:
    assert as_of_arrival(Evidence(History(), AtRest(), MODEL)).verdict is Verdict.INCONCLUSIVE


def test_a_history_keeps_when_its_records_arrived() -> None:
    history = History((sent(),), arrivals={"bytes": (EARLY, LATE)})
    assert from_lines(history.lines()) == history
