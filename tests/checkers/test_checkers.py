"""Every checker says pass, fail and inconclusive of the hand-written run where it should."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from wavetank.scenarios.oracle import checkers
from wavetank.scenarios.oracle.at_rest import AtRest, Model, Quarantined, Stored
from wavetank.scenarios.oracle.checkers import CHECKERS, judge
from wavetank.scenarios.oracle.evidence import (
    Evidence,
    Expectations,
    Finding,
    LookResult,
    ObservedFlow,
    SecondPass,
    Verdict,
)
from wavetank.scenarios.oracle.history import History, Operation, Outcome, Value
from wavetank.scenarios.oracle.hops import ON_THE_WAY, Hop

NOON_US = 1_574_596_800_000_000
"""2019-11-24 12:00 UTC."""
MODEL = Model(buckets=2)


def click(event_id: str) -> tuple[Operation, Stored]:
    """A click that was acknowledged, and what is at rest of it when all goes well."""
    content: dict[str, Value] = {"event_id": event_id, "event_time": NOON_US, "campaign": "men"}
    partition = MODEL.partition_of("click", event_id, NOON_US)
    operation = Operation("click", event_id, content, f"bytes of {event_id}", Outcome.OK, 0.0, 0.1)
    return operation, Stored(event_id, content, partition, f"avro/{partition}")


def seen_everywhere(*event_ids: str) -> ObservedFlow:
    """Clicks that came by every hop, in the order in which they were sent."""
    one_shard = (tuple((event_id, NOON_US) for event_id in event_ids),)
    return ObservedFlow(
        {("click", hop): frozenset(event_ids) for hop in ON_THE_WAY},
        {("click", hop): one_shard for hop in (Hop.RAW, Hop.PROCESSED)},
        healed_s=4.0,
        changed_s=6.5,
    )


@pytest.fixture
def honest() -> Evidence:
    """Four clicks, acknowledged and landed; one fault that fired; done twice; same as its control."""
    clicks = [click(f"c{number}") for number in range(4)]
    records = tuple(stored for _, stored in clicks)
    digests = {"avro/a": "1", "parquet/a": "2"}
    parts = {"parts/a/x": "3", "parts/b/x": "4"}
    at_rest = AtRest(avro=records, parquet=records, digests=digests, part_digests=parts)
    operations = tuple(operation for operation, _ in clicks)
    second_pass = SecondPass(1, (), parts, operations, frozenset({*parts, "parts/a/y", "parts/b/y"}), digests)
    flow = seen_everywhere(*(operation.event_id for operation in operations))
    history, control = History(operations), dict(at_rest.digests)
    return Evidence(history, at_rest, MODEL, {"lossy": 2}, second_pass=second_pass, control=control, flow=flow)


def failing(evidence: Evidence) -> set[str]:
    return {f.checker for f in judge(evidence, CHECKERS).findings if f.verdict is Verdict.FAIL}


def inconclusive(evidence: Evidence) -> set[str]:
    return {f.checker for f in judge(evidence, CHECKERS).findings if f.verdict is Verdict.INCONCLUSIVE}


def at_rest(evidence: Evidence, **changes: Any) -> Evidence:
    return replace(evidence, at_rest=replace(evidence.at_rest, **changes))


def second(evidence: Evidence, **changes: Any) -> Evidence:
    assert evidence.second_pass is not None
    return replace(evidence, second_pass=replace(evidence.second_pass, **changes))


def test_an_honest_run_passes_every_checker(honest: Evidence) -> None:
    judgement = judge(honest, CHECKERS)
    assert judgement.verdict is Verdict.PASS
    assert [f.checker for f in judgement.findings if f.verdict is not Verdict.PASS] == []
    assert judgement.ledger["click"].ledger.landed == 4


def _lose_one(run: Evidence) -> Evidence:
    return at_rest(run, avro=run.at_rest.avro[1:], parquet=run.at_rest.parquet[1:])


def _land_one_twice(run: Evidence) -> Evidence:
    return at_rest(
        run,
        avro=(run.at_rest.avro[0], *run.at_rest.avro),
        parquet=(run.at_rest.parquet[0], *run.at_rest.parquet),
    )


def _land_a_stranger(run: Evidence) -> Evidence:
    stranger = click("never-sent")[1]
    return at_rest(run, avro=(*run.at_rest.avro, stranger), parquet=(*run.at_rest.parquet, stranger))


def _misplace_one(run: Evidence) -> Evidence:
    first, *others = run.at_rest.avro
    moved = (replace(first, partition=replace(first.partition, hour=3)), *others)
    return at_rest(run, avro=moved, parquet=moved)


def _corrupt_one(run: Evidence) -> Evidence:
    first, *others = run.at_rest.avro
    changed = (replace(first, content={**first.content, "campaign": "women"}), *others)
    return at_rest(run, avro=changed, parquet=changed)


def _drop_one_from_parquet(run: Evidence) -> Evidence:
    return at_rest(run, parquet=run.at_rest.parquet[1:])


def _double_one_in_parquet(run: Evidence) -> Evidence:
    return at_rest(run, parquet=(run.at_rest.parquet[0], *run.at_rest.parquet))


def _change_a_field_in_parquet(run: Evidence) -> Evidence:
    first, *others = run.at_rest.parquet
    return at_rest(run, parquet=(replace(first, content={**first.content, "campaign": "?"}), *others))


def _change_a_file_the_second_time(run: Evidence) -> Evidence:
    return second(run, digests={**run.at_rest.digests, "avro/a": "9"})


def _add_a_file_the_second_time(run: Evidence) -> Evidence:
    return second(run, digests={**run.at_rest.digests, "avro/b": "1"})


def _make_another_part_the_second_time(run: Evidence) -> Evidence:
    return second(run, part_digests={**run.at_rest.part_digests, "parts/a/z": "3"})


def _leave_a_chunk_alone_the_second_time(run: Evidence) -> Evidence:
    return second(run, undone=("chunks/click/x",))


def _turn_a_file_round(run: Evidence) -> Evidence:
    return at_rest(run, avro=run.at_rest.avro[::-1])


def _differ_from_the_control(run: Evidence) -> Evidence:
    return replace(run, control={**run.at_rest.digests, "parquet/a": "9"})


def _see_more_harm_than_promised(run: Evidence) -> Evidence:
    return replace(run, looks=(LookResult("on the way", False, "2 landed"),))


def _leave_one_in_quarantine(run: Evidence) -> Evidence:
    record = Quarantined("click", "unknown-schema", run.history.operations[0].payload, "quarantine/x")
    run = replace(run, expectations=Expectations(reasons=frozenset({"unknown-schema"})))
    return at_rest(run, avro=run.at_rest.avro[1:], parquet=run.at_rest.parquet[1:], quarantine=(record,))


@pytest.mark.parametrize(
    ("breaks", "named"),
    [
        (_lose_one, "conservation"),
        (_land_a_stranger, "conservation"),
        (_land_one_twice, "uniqueness"),
        (_misplace_one, "placement"),
        (_corrupt_one, "content"),
        (_drop_one_from_parquet, "avro-equals-parquet"),
        (_double_one_in_parquet, "avro-equals-parquet"),
        (_change_a_field_in_parquet, "avro-equals-parquet"),
        (_turn_a_file_round, "row-order"),
        (_change_a_file_the_second_time, "idempotence"),
        (_add_a_file_the_second_time, "idempotence"),
        (_make_another_part_the_second_time, "redelivery"),
        (_leave_a_chunk_alone_the_second_time, "redelivery"),
        (_differ_from_the_control, "same-as-control"),
        (_see_more_harm_than_promised, "looks"),
        (_leave_one_in_quarantine, "nothing-set-aside"),
    ],
)
def test_a_run_with_one_thing_wrong_fails_by_the_checker_of_that_thing(
    honest: Evidence, breaks: Callable[[Evidence], Evidence], named: str
) -> None:
    broken = breaks(honest)
    assert failing(broken) == {named}
    assert judge(broken, CHECKERS).verdict is Verdict.FAIL


def said(evidence: Evidence, checker: str) -> Finding:
    (found,) = (finding for finding in judge(evidence, CHECKERS).findings if finding.checker == checker)
    return found


def test_a_loss_names_the_hop_that_lost_it(honest: Evidence) -> None:
    assert honest.flow is not None
    seen = {**honest.flow.seen, ("click", Hop.PARTS): frozenset({"c1", "c2", "c3"})}
    lossy = replace(_lose_one(honest), flow=replace(honest.flow, seen=seen))
    assert "1 of 4 events were lost between chunks and parts" in said(lossy, "conservation").detail
    assert judge(lossy, CHECKERS).passages["click"].arrived[Hop.PARTS] == 3


def test_a_loss_in_parquet_names_parquet(honest: Evidence) -> None:
    told = said(_drop_one_from_parquet(honest), "avro-equals-parquet").detail
    assert "1 of 4 events were lost between merged and Parquet" in told


def test_a_loss_without_a_trail_is_told_without_a_hop(honest: Evidence) -> None:
    blind = replace(_lose_one(honest), flow=None)
    assert "between" not in said(blind, "conservation").detail
    assert judge(blind, CHECKERS).passages == {}


def test_a_fault_that_never_fired_makes_the_run_inconclusive(honest: Evidence) -> None:
    silent = replace(honest, fired={"lossy": 3, "slow": 0})
    assert inconclusive(silent) == {"faults-fired"}
    assert judge(silent, CHECKERS).verdict is Verdict.INCONCLUSIVE


def test_a_run_in_which_nothing_was_acknowledged_is_inconclusive(honest: Evidence) -> None:
    nothing = SecondPass(0, (), {}, (), frozenset(), {})
    empty = replace(honest, history=History(), at_rest=AtRest(), second_pass=nothing, control={})
    assert inconclusive(empty) == {"something-acknowledged", "redelivery", "idempotence", "same-as-control"}
    assert judge(empty, CHECKERS).verdict is Verdict.INCONCLUSIVE


def test_a_run_that_was_not_done_twice_is_inconclusive(honest: Evidence) -> None:
    assert inconclusive(replace(honest, second_pass=None)) == {"redelivery", "idempotence"}


def test_a_second_feed_that_was_refused_shows_nothing_of_idempotence(honest: Evidence) -> None:
    refused = tuple(replace(said, outcome=Outcome.FAIL) for said in honest.history.operations)
    run = second(honest, operations=refused)
    assert (inconclusive(run), failing(run)) == ({"idempotence"}, set())


def test_a_second_feed_of_which_one_event_is_not_known_to_be_taken_shows_nothing(honest: Evidence) -> None:
    first, *others = honest.history.operations
    run = second(honest, operations=(replace(first, outcome=Outcome.UNKNOWN), *others))
    (said,) = [f for f in judge(run, CHECKERS).findings if f.verdict is Verdict.INCONCLUSIVE]
    assert (said.checker, "1 of 4 events" in said.detail, "c0" in said.detail) == ("idempotence", True, True)


def test_an_event_that_was_refused_both_times_is_as_it_was(honest: Evidence) -> None:
    refused = replace(click("too-large")[0], outcome=Outcome.FAIL)
    both = replace(honest, history=History((*honest.history.operations, refused)))
    assert judge(second(both, operations=both.history.operations), CHECKERS).verdict is Verdict.PASS


@pytest.mark.parametrize("new_parts", [set(), {"parts/a/y"}])
def test_a_second_feed_that_made_no_new_part_somewhere_shows_nothing(honest: Evidence, new_parts: set[str]) -> None:
    run = second(honest, fed_parts=frozenset(honest.at_rest.part_digests) | new_parts)
    assert (inconclusive(run), failing(run)) == ({"idempotence"}, set())


def test_a_file_that_changed_the_second_time_fails_even_if_not_everything_was_taken_again(honest: Evidence) -> None:
    assert failing(second(_change_a_file_the_second_time(honest), operations=())) == {"idempotence"}


def test_a_redelivery_without_a_chunk_shows_nothing(honest: Evidence) -> None:
    assert inconclusive(second(honest, chunks=0)) == {"redelivery"}


def test_in_a_drill_that_ages_chunks_may_all_have_expired_and_there_is_no_control(honest: Evidence) -> None:
    aged = replace(second(honest, chunks=0), control=None, expectations=Expectations(ages=True))
    assert judge(aged, CHECKERS).verdict is Verdict.PASS
    assert failing(second(aged, undone=("chunks/a",))) == {"redelivery"}


@pytest.mark.parametrize(("holds_an_event", "verdict"), [(False, Verdict.PASS), (True, Verdict.FAIL)])
def test_a_file_that_the_control_has_not_is_a_difference_where_it_holds_an_event(
    honest: Evidence, holds_an_event: bool, verdict: Verdict
) -> None:
    records = tuple(replace(stored, source="avro/b") for stored in honest.at_rest.avro) if holds_an_event else ()
    more = {**honest.at_rest.digests, "avro/b": "5"}
    run = second(at_rest(honest, digests=more, avro=records or honest.at_rest.avro), digests=more)
    (said,) = [finding for finding in judge(run, CHECKERS).findings if finding.checker == "same-as-control"]
    assert said.verdict is verdict


def test_a_partition_without_an_event_needs_no_new_part_when_all_is_sent_again(honest: Evidence) -> None:
    more = {**honest.at_rest.digests, "avro/b/events.avro": "5"}
    run = second(
        at_rest(honest, digests=more),
        digests=more,
        fed_parts=frozenset({*honest.at_rest.part_digests, "parts/a/y"}),
    )
    assert judge(run, CHECKERS).verdict is Verdict.PASS


def test_a_run_whose_control_did_not_come_to_its_end_is_inconclusive(honest: Evidence) -> None:
    assert inconclusive(replace(honest, control=None)) == {"same-as-control"}


def test_a_fault_without_its_expected_harm_is_inconclusive(honest: Evidence) -> None:
    harmless = replace(honest, looks=(LookResult("before the replayer", False, "none lost", inconclusive=True),))
    assert inconclusive(harmless) == {"looks"}


def test_a_control_needs_no_control_and_no_faults(honest: Evidence) -> None:
    assert judge(replace(honest, fired={}, control=None, is_control=True), CHECKERS).verdict is Verdict.PASS


def test_a_checker_that_crashes_is_inconclusive_and_the_others_still_speak(honest: Evidence) -> None:
    def broken_checker(_: Evidence) -> Finding:
        raise ZeroDivisionError("oops")

    judgement = judge(honest, (broken_checker, checkers.uniqueness))
    assert [(f.checker, f.verdict) for f in judgement.findings] == [
        ("broken-checker", Verdict.INCONCLUSIVE),
        ("uniqueness", Verdict.PASS),
    ]
    assert "oops" in judgement.findings[0].detail


def test_a_ledger_that_cannot_be_drawn_up_is_inconclusive_not_a_pass(honest: Evidence) -> None:
    timeless = replace(click("c1")[0], content={"event_id": "c1", "event_time": "noon"})
    judgement = judge(replace(honest, history=History((timeless,))), CHECKERS)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.ledger == {}


def test_a_failure_outweighs_what_is_inconclusive(honest: Evidence) -> None:
    assert judge(_lose_one(replace(honest, fired={"lossy": 0})), CHECKERS).verdict is Verdict.FAIL


def test_no_checker_at_all_shows_nothing(honest: Evidence) -> None:
    assert judge(honest, ()).verdict is Verdict.INCONCLUSIVE
