"""Order, what was set aside, convergence and alarms: pass, fail and inconclusive of hand-written runs."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from wavetank.scenarios.oracle.alarms import Alarm, Watched
from wavetank.scenarios.oracle.at_rest import AtRest, Declared, Model, Quarantined
from wavetank.scenarios.oracle.evidence import Arrivals, Checker, Evidence, Expectations, Finding, ObservedFlow, Verdict
from wavetank.scenarios.oracle.history import History, Operation, Outcome, Value
from wavetank.scenarios.oracle.hops import Hop
from wavetank.scenarios.oracle.transit_checkers import alarms, convergence, order, set_aside

NOON_US = 1_574_596_800_000_000
"""2019-11-24 12:00 UTC."""
BEHIND = Alarm("click-behind", 60, 1, 1, "GreaterThanThreshold", 0.0)
RANG, SILENT = Watched(BEHIND, {0.0: 1.0}), Watched(BEHIND, {0.0: 0.0})
DEAD = Watched(replace(BEHIND, name="dead"), {0.0: 0.0})


def sent(event_id: str, flaw: str = "", outcome: Outcome = Outcome.OK) -> Operation:
    content: dict[str, Value] = {"event_id": event_id, "event_time": NOON_US}
    payload = f"bytes of {event_id}{' ' if flaw else ''}{flaw}"
    return Operation("click", event_id, content, payload, outcome, 0.0, 0.1, flaw=flaw)


def aside(operation: Operation, reason: str) -> Quarantined:
    return Quarantined("click", reason, operation.payload, "quarantine/x")


def run(*operations: Operation, quarantine: tuple[Quarantined, ...] = (), flow: ObservedFlow | None = None) -> Evidence:
    return Evidence(History(operations), AtRest(quarantine=quarantine), Model(buckets=2), flow=flow)


def promising(evidence: Evidence, **said: object) -> Evidence:
    return replace(evidence, expectations=replace(evidence.expectations, **said))  # type: ignore[arg-type]


def versions(raw: str, processed: str) -> Evidence:
    """Versions by letter and number, shards apart by a bar, as they came to both streams: `a1 a2|b1`."""

    def shards(text: str) -> Arrivals:
        return tuple(tuple((word[0], int(word[1:])) for word in shard.split()) for shard in text.split("|"))

    arrivals = {("click", Hop.RAW): shards(raw), ("click", Hop.PROCESSED): shards(processed)}
    return run(sent("a"), sent("b"), flow=ObservedFlow(arrivals=arrivals))


@pytest.mark.parametrize("checker", [order, convergence, alarms])
def test_without_a_trail_nothing_is_shown(checker: Checker) -> None:
    assert checker(run(sent("a"))).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("raw", "processed"),
    [
        ("a1 a2 a3", "a1 a2 a3"),
        ("a1 a2", "a1 a1 a2 a1"),
        ("a1 b1 a2 b2", "b1 b2 a1 a2"),
        ("a1 a2|b1 b2", "b1 a1 b2|a2"),
        ("a1 a2 a3", "a1 a3"),
    ],
    ids=["as it came", "copies", "other events", "other shards", "one set aside"],
)
def test_the_first_copies_of_versions_keep_their_order(raw: str, processed: str) -> None:
    assert order(versions(raw, processed)).verdict is Verdict.PASS


def test_versions_that_overtake_each_other_fail() -> None:
    found = order(versions("a1 a2 b1 b2", "a2 a1 b1 b2"))
    assert found == Finding("order", Verdict.FAIL, "1 of 2 keys changed it, such as a")


def test_order_is_not_promised_across_shards_nor_of_what_was_in_quarantine_nor_where_puts_were_refused() -> None:
    turned = versions("a1 a2", "a2 a1")
    assert order(versions("a1|a2", "a2 a1")).verdict is Verdict.PASS
    assert order(versions("a1 a2", "a2|a1")).verdict is Verdict.PASS
    returned = replace(turned, at_rest=AtRest(quarantine=(aside(sent("a"), "unknown-schema"),)))
    assert order(returned).verdict is Verdict.PASS
    assert order(promising(turned, in_order=False)).verdict is Verdict.PASS
    assert order(turned).verdict is Verdict.FAIL


def test_how_many_events_have_shown_their_order_is_told() -> None:
    assert order(versions("a1 a2 b1", "a1 a2 b1")).detail == "kept by 1 keys"
    assert order(versions("a1 b1", "b1 a1")).detail == "no key came with several versions"


def by_campaign(raw: str, processed: str) -> Evidence:
    """The same of an event type that is put by campaign, where events `a` and `b` are of one and `c` is of none."""
    evidence = versions(raw, processed)
    campaigns = {"a": "men", "b": "men", "c": ""}
    operations = tuple(
        replace(sent(event_id), content={**sent(event_id).content, "campaign": campaign})
        for event_id, campaign in campaigns.items()
    )
    model = Model(buckets=2, declared={"click": Declared(partition_key="campaign")})
    return replace(evidence, history=History(operations), model=model)


def test_events_of_one_key_keep_their_order_where_the_event_type_is_put_by_a_field() -> None:
    assert order(by_campaign("a1 b1 a2", "a1 b1 a2")).detail == "kept by 1 keys"
    assert order(by_campaign("a1 b1 a2", "a1 b1 a2 a1 b1")).verdict is Verdict.PASS
    assert order(by_campaign("a1 b1 a2", "b1 a1 a2")).detail == "1 of 1 keys changed it, such as men"
    assert order(by_campaign("a1 c1", "c1 a1")).verdict is Verdict.PASS


def test_a_key_that_is_in_several_shards_behind_the_processor_fails_unless_keys_may_move() -> None:
    scattered = by_campaign("a1 b1", "a1|b1")
    assert order(scattered).verdict is Verdict.FAIL
    assert order(promising(scattered, keys_stay=False)).verdict is Verdict.PASS
    assert order(by_campaign("a1|b1", "a1|b1")).verdict is Verdict.PASS
    assert order(versions("a1 a2", "a2|a1")).verdict is Verdict.PASS


BROKEN = sent("a", "bad-frame")


def test_what_was_damaged_is_set_aside_for_its_reason_and_counted_once() -> None:
    evidence = run(sent("a"), BROKEN, quarantine=(aside(BROKEN, "bad-frame"), aside(BROKEN, "bad-frame")))
    assert set_aside(evidence) == Finding("set-aside", Verdict.PASS, "1 bad-frame")


def test_damage_that_nobody_noticed_fails() -> None:
    assert set_aside(run(BROKEN)).detail == "1 bad-frame not set aside"
    assert set_aside(run(BROKEN)).verdict is Verdict.FAIL


def test_damage_that_the_stream_never_took_need_not_be_set_aside() -> None:
    assert set_aside(run(replace(BROKEN, outcome=Outcome.FAIL))).verdict is Verdict.PASS
    assert set_aside(run(replace(BROKEN, outcome=Outcome.UNKNOWN))).verdict is Verdict.PASS


def test_damage_that_is_set_aside_for_another_reason_fails() -> None:
    found = set_aside(run(BROKEN, quarantine=(aside(BROKEN, "undecodable"),)))
    assert (found.verdict, found.detail) == (Verdict.FAIL, "1 bad-frame set aside as undecodable")


def test_a_sound_event_may_be_set_aside_only_for_a_reason_that_the_drill_names() -> None:
    evidence = run(sent("a"), quarantine=(aside(sent("a"), "unknown-schema"),))
    assert set_aside(evidence).detail == "1 sound set aside as unknown-schema"
    assert set_aside(promising(evidence, reasons=frozenset({"given-up"}))).verdict is Verdict.FAIL
    assert set_aside(promising(evidence, reasons=frozenset({"unknown-schema"}))).detail == "1 unknown-schema"
    assert set_aside(promising(evidence, reasons=None)).verdict is Verdict.PASS


def test_bytes_that_nobody_sent_count_as_sound() -> None:
    assert set_aside(run(quarantine=(aside(sent("x"), "bad-frame"),))).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("healed_s", "changed_s", "bound_s", "verdict"),
    [
        (4.0, 6.5, None, Verdict.PASS),
        (4.0, 6.5, 2.5, Verdict.PASS),
        (4.0, 6.5, 2.4, Verdict.FAIL),
        (4.0, 3.0, 0.0, Verdict.PASS),
        (4.0, None, None, Verdict.PASS),
        (4.0, None, 9.0, Verdict.INCONCLUSIVE),
        (None, 6.5, 9.0, Verdict.INCONCLUSIVE),
    ],
)
def test_convergence_is_reported_and_fails_only_over_a_bound(
    healed_s: float | None, changed_s: float | None, bound_s: float | None, verdict: Verdict
) -> None:
    evidence = run(sent("a"), flow=ObservedFlow(healed_s=healed_s, changed_s=changed_s))
    assert convergence(promising(evidence, converges_within_s=bound_s)).verdict is verdict


def test_convergence_tells_how_long_it_took() -> None:
    evidence = run(sent("a"), flow=ObservedFlow(healed_s=4.0, changed_s=6.5))
    assert convergence(evidence).detail == "2.5 s after the healing"


def watching(
    *watched: Watched, wanted: frozenset[str] | None = frozenset(), pages: frozenset[str] = frozenset()
) -> Finding:
    expectations = Expectations(alarms=wanted, pages=pages)
    return alarms(replace(run(flow=ObservedFlow(alarms=watched)), expectations=expectations))


def paging(watched: Watched) -> Watched:
    return replace(watched, alarm=replace(watched.alarm, pages=True))


CLICK = frozenset({"click-behind"})


@pytest.mark.parametrize(
    ("found", "verdict", "detail"),
    [
        (lambda: watching(SILENT, DEAD), Verdict.PASS, "none of 2 rang"),
        (lambda: watching(RANG, DEAD, wanted=CLICK), Verdict.PASS, "click-behind of 2 rang"),
        (lambda: watching(RANG, DEAD), Verdict.FAIL, "click-behind rang"),
        (lambda: watching(SILENT, DEAD, wanted=CLICK), Verdict.FAIL, "click-behind should have rung"),
        (lambda: watching(DEAD, wanted=CLICK), Verdict.INCONCLUSIVE, "there is no alarm click-behind"),
        (lambda: watching(RANG, DEAD, wanted=None), Verdict.PASS, "click-behind of 2 rang"),
        (lambda: watching(paging(RANG), wanted=CLICK, pages=CLICK), Verdict.PASS, "click-behind of 1 rang"),
        (lambda: watching(paging(RANG), wanted=CLICK), Verdict.FAIL, "click-behind paged"),
        (lambda: watching(RANG, wanted=CLICK, pages=CLICK), Verdict.FAIL, "click-behind should have paged"),
        (
            lambda: watching(paging(SILENT), wanted=CLICK, pages=CLICK),
            Verdict.FAIL,
            "click-behind should have rung",
        ),
    ],
)
def test_the_alarms_that_should_have_rung_did_and_no_other(
    found: Callable[[], Finding], verdict: Verdict, detail: str
) -> None:
    assert found() == Finding("alarms", verdict, detail)
