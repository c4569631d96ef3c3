"""What is nowhere at rest is lost only where the next function has passed it."""

from hypothesis import given
from hypothesis import strategies as st

from wavetank.scenarios.observability.account import Account, OnTheWay, accounted, last_seen
from wavetank.scenarios.observability.trace.model import Fate
from wavetank.scenarios.oracle.at_rest import AtRest, Model, Partition, Quarantined, Stored
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME, History, Operation, Outcome, Value
from wavetank.scenarios.oracle.hops import Hop
from wavetank.scenarios.oracle.ledger import draw_up

MODEL = Model(1)


def sent(event_id: str, outcome: Outcome = Outcome.OK) -> Operation:
    content: dict[str, Value] = {EVENT_ID: event_id, EVENT_TIME: 0}
    return Operation("click", event_id, content, f"bytes of {event_id}", outcome, 0, 0)


def at_rest(*event_ids: str) -> tuple[Stored, ...]:
    partition = Partition("click", "1970-01-01", 0, 0)
    return tuple(Stored(each, {EVENT_ID: each, EVENT_TIME: 0}, partition, "file") for each in event_ids)


def account_of(history: History, rest: AtRest, there: OnTheWay) -> Account:
    return accounted("click", history, draw_up(history, rest, MODEL)["click"], rest, there)


def test_on_a_stream_an_event_is_under_way_until_one_behind_it_has_gone_on() -> None:
    there = OnTheWay(raw=(["a", "b", "c"], ["d"]), arrived={Hop.RAW: frozenset("b")})
    assert last_seen("acdz", there) == {"a": (Hop.RAW, True), "c": (Hop.RAW, False), "d": (Hop.RAW, False)}


def test_the_last_place_counts_and_waiting_before_all() -> None:
    there = OnTheWay(
        raw=(["a", "b", "c", "d"],),
        processed=(["a", "b"],),
        waiting={"c": Hop.CHUNKS, "d": Hop.PARTS},
        arrived={Hop.RAW: frozenset("abcd"), Hop.CHUNKS: frozenset("bd")},
    )
    assert last_seen("abcd", there) == {
        "a": (Hop.PROCESSED, False),
        "b": (Hop.CHUNKS, True),
        "c": (Hop.CHUNKS, False),
        "d": (Hop.PARTS, False),
    }


def test_every_event_that_was_taken_has_one_fate() -> None:
    history = History((*map(sent, "abcde"), sent("u", Outcome.UNKNOWN), sent("v", Outcome.UNKNOWN)))
    history = History((*history.operations, sent("f", Outcome.FAIL)))
    aside = (Quarantined("click", "invalid", "bytes of b", "q"),)
    rest = AtRest(avro=at_rest("a", "u"), quarantine=aside)
    there = OnTheWay(raw=(["c", "d"],), arrived={Hop.RAW: frozenset()})
    account = account_of(history, rest, there)
    assert account.fates == {
        "a": Fate.LANDED,
        "u": Fate.LANDED,
        "b": Fate.QUARANTINED,
        "c": Fate.UNDER_WAY,
        "d": Fate.UNDER_WAY,
        "e": Fate.LOST,
    }
    assert account.refused == 1
    assert account.reasons(Fate.QUARANTINED) == {"invalid": 1}
    assert account.reasons(Fate.LOST) == {"last seen: sent": 1}


@given(st.data())
def test_counts_are_those_of_the_ledger_but_for_what_is_under_way(data: st.DataObject) -> None:
    ids = data.draw(st.sets(st.sampled_from("abcdefgh"), min_size=1))
    landed, aside, on_raw = (data.draw(st.sets(st.sampled_from(sorted(ids)))) for _ in range(3))
    history = History(tuple(map(sent, sorted(ids))))
    quarantine = tuple(Quarantined("click", "invalid", f"bytes of {each}", "q") for each in sorted(aside))
    rest = AtRest(avro=at_rest(*sorted(landed)), quarantine=quarantine)
    ledger = draw_up(history, rest, MODEL)["click"].ledger
    counts = account_of(history, rest, OnTheWay(raw=(sorted(on_raw),))).counts()
    assert (counts["landed"], counts["quarantined"]) == (ledger.landed, ledger.quarantined)
    assert counts["under way"] + counts["lost"] == ledger.lost
    assert counts["under way"] == len(on_raw - landed - aside)
    assert sum(counts.values()) == len(ids)
