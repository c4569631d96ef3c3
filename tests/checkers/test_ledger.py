"""The ledger counts each hand-written case as its definitions say."""

import hashlib
from dataclasses import replace

import pytest

from wavetank.scenarios.oracle.at_rest import HOUR_US, AtRest, Declared, Enrichment, Model, Quarantined, Stored
from wavetank.scenarios.oracle.history import History, Operation, Outcome, Value
from wavetank.scenarios.oracle.ledger import Entry, Ledger, draw_up, total
from wavetank.scenarios.oracle.references import always

NOON_US = 1_574_596_800_000_000
"""2019-11-24 12:00 UTC."""
MODEL = Model(
    buckets=2,
    enrichments={"click": Enrichment("campaigns", ("campaign",), ("advertiser",))},
    references={"campaigns": always({("men",): {"advertiser": "Zozo"}})},
)
HOUR_LATER_US = NOON_US + HOUR_US


def attempt(number: int, outcome: Outcome = Outcome.OK, time_us: int = NOON_US) -> Operation:
    """One attempt to send the click `c<number>`."""
    event_id = f"c{number}"
    content: dict[str, Value] = {
        "event_id": event_id,
        "event_time": time_us,
        "campaign": "men",
        "position": None,
    }
    payload = hashlib.sha256(event_id.encode()).hexdigest()
    return Operation("click", event_id, content, payload, outcome, 0.0, 0.1)


def landed(operation: Operation) -> Stored:
    """What is at rest of it when all goes well."""
    partition = MODEL.partition_of("click", operation.event_id, operation.event_time_us)
    content = {**operation.content, "advertiser": "Zozo"}
    return Stored(operation.event_id, content, partition, f"avro/{partition}")


def drawn(history: History, at_rest: AtRest, model: Model = MODEL) -> Entry:
    return draw_up(history, at_rest, model)["click"]


def test_an_event_sent_twice_counts_once() -> None:
    entry = drawn(History((attempt(1), attempt(1))), AtRest(avro=(landed(attempt(1)),)))
    assert entry.ledger == Ledger(attempted=1, acknowledged=1, landed=1)


def test_an_acknowledged_event_that_is_nowhere_is_lost() -> None:
    entry = drawn(History((attempt(1),)), AtRest())
    assert entry.ledger == Ledger(attempted=1, acknowledged=1, lost=1)
    assert entry.ids["lost"] == ("c1",)


def test_an_event_acknowledged_at_the_second_attempt_is_acknowledged() -> None:
    history = History((attempt(1, Outcome.UNKNOWN), attempt(1, Outcome.OK)))
    assert drawn(history, AtRest()).ledger == Ledger(attempted=1, acknowledged=1, lost=1)


def test_an_event_of_unknown_outcome_may_land_or_not() -> None:
    history = History((attempt(1, Outcome.UNKNOWN), attempt(2, Outcome.UNKNOWN)))
    entry = drawn(history, AtRest(avro=(landed(attempt(1)),)))
    assert entry.ledger == Ledger(attempted=2, unknown=2, landed=1, absent=1)


def test_a_refused_event_owes_nothing_and_must_not_land() -> None:
    history = History((attempt(1, Outcome.FAIL), attempt(2, Outcome.FAIL)))
    entry = drawn(history, AtRest(avro=(landed(attempt(1)),)))
    assert entry.ledger == Ledger(attempted=2, refused=2, unexpected=1)


def test_a_record_that_nobody_sent_is_unexpected() -> None:
    entry = drawn(History((attempt(1),)), AtRest(avro=(landed(attempt(1)), landed(attempt(9)))))
    assert entry.ledger == Ledger(attempted=1, acknowledged=1, landed=1, unexpected=1)


def ledger_of(sent_hours: list[int], hours_at_rest: list[int]) -> Ledger:
    """The ledger of one id that was sent with times in these hours, and is at rest in those."""
    sent = {hour: attempt(1, time_us=NOON_US + hour * HOUR_US) for hour in {*sent_hours, *hours_at_rest}}
    history = History(tuple(sent[hour] for hour in sent_hours))
    return drawn(history, AtRest(avro=tuple(landed(sent[hour]) for hour in hours_at_rest))).ledger


@pytest.mark.parametrize(
    ("sent_hours", "right"),
    [
        ([0, 0], [0]), ([0, 1], [0]), ([1, 0], [0]), ([0, 12], [0]), ([0, 13], [0, 13]), ([13, 0], [0, 13]),
        ([0, 10, 20], [0]), ([20, 10, 0], [0]), ([0, 13, 20], [0, 13]), ([0, 13, 26], [0, 13, 26]), ([0, 40], [0, 40]),
    ],
)  # fmt: skip
def test_copies_are_one_event_as_far_as_the_look_back_reaches_and_several_beyond(
    sent_hours: list[int], right: list[int]
) -> None:
    fine = Ledger(attempted=1, acknowledged=1, landed=1)
    assert ledger_of(sent_hours, right) == fine
    for hour in right[1:]:
        assert ledger_of(sent_hours, [other for other in right if other != hour]).lost == 1
    for hour in {*sent_hours} - {*right}:
        assert ledger_of(sent_hours, [*right, hour]) == replace(fine, duplicated=1)
    assert ledger_of(sent_hours, [*right, right[0]]) == replace(fine, duplicated=1)


def test_a_copy_of_unknown_outcome_may_be_at_rest_in_an_hour_of_its_own_or_not() -> None:
    late = attempt(1, Outcome.UNKNOWN, time_us=NOON_US + 13 * HOUR_US)
    history = History((attempt(1), late))
    for at_rest in ((landed(attempt(1)),), (landed(attempt(1)), landed(late))):
        assert drawn(history, AtRest(avro=at_rest)).ledger == Ledger(attempted=1, acknowledged=1, landed=1)


def test_a_damaged_copy_with_another_time_is_no_event_of_its_own() -> None:
    spoilt = replace(attempt(1, time_us=NOON_US + 13 * HOUR_US), flaw="future-time")
    history = History((attempt(1), spoilt))
    assert drawn(history, AtRest(avro=(landed(attempt(1)),))).ledger == Ledger(attempted=1, acknowledged=1, landed=1)


@pytest.mark.parametrize(
    ("hours", "at_rest", "expected"),
    [
        ((0, 12), (0,), Ledger(attempted=1, acknowledged=1, landed=1)),
        ((0, 12), (0, 12), Ledger(attempted=1, acknowledged=1, landed=1, duplicated=1)),
        ((0, 12), (12,), Ledger(attempted=1, acknowledged=1, landed=1, misplaced=1)),
        ((0, 13), (0, 13), Ledger(attempted=1, acknowledged=1, landed=1)),
        ((0, 13), (0,), Ledger(attempted=1, acknowledged=1, lost=1)),
        ((0, 13), (0, 13, 13), Ledger(attempted=1, acknowledged=1, landed=1, duplicated=1)),
        ((0, 10, 20), (0,), Ledger(attempted=1, acknowledged=1, landed=1)),
        ((0, 10, 20), (0, 20), Ledger(attempted=1, acknowledged=1, landed=1, duplicated=1)),
    ],
)
def test_copies_as_far_apart_as_the_look_back_are_one_event_and_further_apart_two(
    hours: tuple[int, ...], at_rest: tuple[int, ...], expected: Ledger
) -> None:
    sent = History(tuple(attempt(1, time_us=NOON_US + hour * HOUR_US) for hour in hours))
    there = tuple(landed(attempt(1, time_us=NOON_US + hour * HOUR_US)) for hour in at_rest)
    assert drawn(sent, AtRest(avro=there)).ledger == expected


@pytest.mark.parametrize(("reach", "landed_once"), [(12, False), (13, True), (24, True)])
def test_an_event_type_may_have_a_look_back_of_its_own(reach: int, landed_once: bool) -> None:
    model = replace(MODEL, declared={"click": Declared(reach_hours=reach)})
    far = NOON_US + 13 * HOUR_US
    entry = draw_up(History((attempt(1), attempt(1, time_us=far))), AtRest(avro=(landed(attempt(1)),)), model)["click"]
    assert (entry.ledger.landed == 1, entry.ledger.lost == 0) == (landed_once, landed_once)


def test_an_event_type_may_have_hash_buckets_of_its_own() -> None:
    model = replace(MODEL, declared={"click": Declared(buckets=7)})
    sent = [attempt(number) for number in range(20)]
    there = [replace(landed(one), partition=model.partition_of("click", one.event_id, NOON_US)) for one in sent]
    assert draw_up(History(tuple(sent)), AtRest(avro=tuple(there)), model)["click"].ledger.misplaced == 0
    assert draw_up(History(tuple(sent)), AtRest(avro=tuple(map(landed, sent))), model)["click"].ledger.misplaced > 0


def test_a_copy_that_was_damaged_on_purpose_is_due_nowhere() -> None:
    damaged = replace(attempt(1, time_us=NOON_US + 13 * HOUR_US), flaw="future-time")
    entry = drawn(History((attempt(1), damaged)), AtRest(avro=(landed(attempt(1)),)))
    assert entry.ledger == Ledger(attempted=1, acknowledged=1, landed=1)


def test_copies_count_as_duplicated_even_in_different_partitions() -> None:
    elsewhere = landed(attempt(1, time_us=HOUR_LATER_US))
    entry = drawn(
        History((attempt(1), attempt(1, time_us=HOUR_LATER_US))), AtRest(avro=(landed(attempt(1)), elsewhere))
    )
    assert entry.ledger == Ledger(attempted=1, acknowledged=1, landed=1, duplicated=1)


def test_a_record_in_the_wrong_hour_is_misplaced_and_still_landed() -> None:
    wrong = replace(landed(attempt(1)), partition=landed(attempt(1, time_us=HOUR_LATER_US)).partition)
    entry = drawn(History((attempt(1),)), AtRest(avro=(wrong,)))
    assert entry.ledger == Ledger(attempted=1, acknowledged=1, landed=1, misplaced=1)


def test_a_record_in_the_wrong_bucket_is_misplaced() -> None:
    home = landed(attempt(1)).partition
    wrong = replace(landed(attempt(1)), partition=replace(home, bucket=1 - home.bucket))
    assert drawn(History((attempt(1),)), AtRest(avro=(wrong,))).ledger.misplaced == 1


def test_a_record_without_its_enrichment_is_corrupted() -> None:
    bare = replace(landed(attempt(1)), content=attempt(1).content)
    assert drawn(History((attempt(1),)), AtRest(avro=(bare,))).ledger.corrupted == 1


def test_a_changed_field_is_corruption() -> None:
    changed = replace(landed(attempt(1)), content={**landed(attempt(1)).content, "position": 3})
    assert drawn(History((attempt(1),)), AtRest(avro=(changed,))).ledger.corrupted == 1


def test_a_null_field_and_a_missing_one_are_the_same() -> None:
    content = {name: value for name, value in landed(attempt(1)).content.items() if value is not None}
    entry = drawn(History((attempt(1),)), AtRest(avro=(replace(landed(attempt(1)), content=content),)))
    assert entry.ledger.corrupted == 0


def test_of_two_contents_of_one_id_in_one_partition_the_earlier_must_be_at_rest() -> None:
    early, late = attempt(1), attempt(1, time_us=NOON_US + 1)
    history = History((late, early))
    assert drawn(history, AtRest(avro=(landed(early),))).ledger.corrupted == 0
    assert drawn(history, AtRest(avro=(landed(late),))).ledger.corrupted == 1


def test_a_quarantined_event_is_known_by_the_bytes_that_were_sent() -> None:
    record = Quarantined("click", "unknown-schema", attempt(1).payload, "quarantine/x")
    entry = drawn(History((attempt(1),)), AtRest(quarantine=(record,)))
    assert entry.ledger == Ledger(attempted=1, acknowledged=1, quarantined=1)


def test_a_quarantined_event_that_landed_after_all_counts_as_landed() -> None:
    record = Quarantined("click", "unknown-schema", attempt(1).payload, "quarantine/x")
    entry = drawn(History((attempt(1),)), AtRest(avro=(landed(attempt(1)),), quarantine=(record,)))
    assert entry.ledger == Ledger(attempted=1, acknowledged=1, landed=1)


def test_quarantined_bytes_that_nobody_sent_are_unexpected() -> None:
    record = Quarantined("click", "bad-frame", "f" * 64, "quarantine/x")
    entry = drawn(History((attempt(1),)), AtRest(avro=(landed(attempt(1)),), quarantine=(record,)))
    assert entry.ledger.unexpected == 1


def test_an_event_waiting_in_a_part_is_late_only_outside_the_hours_that_were_merged() -> None:
    at_rest = AtRest(parts=(landed(attempt(1)),))
    never_merged = replace(MODEL, covered=frozenset({HOUR_LATER_US}))
    merged = replace(MODEL, covered=frozenset({NOON_US}))
    assert drawn(History((attempt(1),)), at_rest, never_merged).ledger.late == 1
    assert drawn(History((attempt(1),)), at_rest, merged).ledger.lost == 1


def test_an_event_that_is_kept_for_an_hour_beyond_the_look_back_is_late_until_it_lands() -> None:
    kept = (landed(attempt(1)),)
    assert drawn(History((attempt(1),)), AtRest(late=kept)).ledger.late == 1
    assert drawn(History((attempt(1),)), AtRest(late=kept, avro=kept)).ledger.landed == 1


def test_ledgers_of_every_kind_balance_and_add_up() -> None:
    history = History((attempt(1), attempt(2), attempt(3, Outcome.UNKNOWN), attempt(4, Outcome.FAIL)))
    entries = draw_up(history, AtRest(avro=(landed(attempt(1)),)), MODEL)
    assert entries["click"].ledger.balanced
    assert total({"a": entries["click"], "b": entries["click"]}).attempted == 8
    assert not Ledger(attempted=1, acknowledged=1).balanced


def test_an_event_type_that_nobody_sent_has_a_ledger_when_it_is_at_rest() -> None:
    assert draw_up(History(), AtRest(avro=(landed(attempt(1)),)), MODEL)["click"].ledger.unexpected == 1
