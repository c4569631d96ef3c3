"""A loss names the hop that lost it, and what was not lost makes no gap."""

from dataclasses import replace

import pytest

from wavetank.scenarios.oracle.at_rest import AtRest, Model, Quarantined, Stored
from wavetank.scenarios.oracle.history import History, Operation, Outcome, Value
from wavetank.scenarios.oracle.hops import ON_THE_WAY, Gap, Hop, Passage, Seen, losses, passages, together
from wavetank.scenarios.oracle.ledger import draw_up

NOON_US = 1_574_596_800_000_000
"""2019-11-24 12:00 UTC."""
MODEL = Model(buckets=2)
IDS = ("c0", "c1", "c2", "c3")


def sent(event_id: str, outcome: Outcome = Outcome.OK) -> Operation:
    content: dict[str, Value] = {"event_id": event_id, "event_time": NOON_US}
    return Operation("click", event_id, content, f"bytes of {event_id}", outcome, 0.0, 0.1)


def stored(event_id: str) -> Stored:
    operation = sent(event_id)
    partition = MODEL.partition_of("click", event_id, NOON_US)
    return Stored(event_id, operation.content, partition, f"avro/{partition}")


def seen(**ids: str) -> Seen:
    """By the names of the hops on the way, the ids seen there, a digit each; all where a hop is not named."""
    digits = {hop: ids.get(hop.name.lower(), "0123") for hop in ON_THE_WAY}
    return {("click", hop): frozenset(f"c{digit}" for digit in some) for hop, some in digits.items()}


def passage(
    where: Seen, landed: str = "0123", parquet: str | None = None, history: History | None = None, **rest: object
) -> Passage:
    records = tuple(stored(f"c{digit}") for digit in landed)
    copies = records if parquet is None else tuple(stored(f"c{digit}") for digit in parquet)
    at_rest = replace(AtRest(avro=records, parquet=copies), **rest)  # type: ignore[arg-type]
    happened = history or History(tuple(map(sent, IDS)))
    return passages(happened, where, at_rest, draw_up(happened, at_rest, MODEL))["click"]


def test_events_that_all_arrived_are_counted_once_at_every_hop() -> None:
    twice = History((*map(sent, IDS), sent("c0")))
    assert passage(seen(), history=twice) == Passage(4, dict.fromkeys(Hop, 4))


@pytest.mark.parametrize(
    ("where", "between"),
    [
        (seen(raw="012", processed="012", chunks="012", parts="012"), (Hop.SENT, Hop.RAW)),
        (seen(processed="012", chunks="012", parts="012"), (Hop.RAW, Hop.PROCESSED)),
        (seen(chunks="012", parts="012"), (Hop.PROCESSED, Hop.CHUNKS)),
        (seen(parts="012"), (Hop.CHUNKS, Hop.PARTS)),
        (seen(), (Hop.PARTS, Hop.MERGED)),
    ],
)
def test_a_lost_event_was_lost_behind_the_last_hop_that_saw_it(where: Seen, between: tuple[Hop, Hop]) -> None:
    assert passage(where, landed="012").gaps == (Gap(*between, ("c3",)),)


def test_several_losses_are_told_each_with_its_hop() -> None:
    found = passage(seen(processed="023", chunks="023", parts="02"), landed="02")
    assert losses({"click": found}, tuple(Hop)) == [
        "1 of 4 events were lost between raw stream and processed stream (1 click)",
        "1 of 4 events were lost between chunks and parts (1 click)",
    ]


def test_an_event_that_is_merged_but_not_in_parquet_is_lost_between_the_two() -> None:
    found = passage(seen(), parquet="013")
    assert found.arrived[Hop.PARQUET] == 3
    assert found.gaps == (Gap(Hop.MERGED, Hop.PARQUET, ("c2",)),)
    assert losses({"click": found}, (Hop.MERGED,)) == []


def test_an_event_that_was_passed_over_by_a_hop_but_landed_is_not_lost() -> None:
    """As one that was put on the processed stream by hand."""
    found = passage(seen(raw="012"))
    assert (found.arrived[Hop.RAW], found.gaps) == (3, ())


def test_an_event_in_quarantine_stops_there_and_makes_no_gap() -> None:
    aside = (Quarantined("click", "unknown-schema", "bytes of c3", "quarantine/x"),)
    found = passage(seen(processed="012", chunks="012", parts="012"), landed="012", quarantine=aside)
    assert (found.arrived[Hop.RAW], found.arrived[Hop.MERGED], found.gaps) == (4, 3, ())


def test_an_event_that_was_never_acknowledged_makes_no_gap() -> None:
    history = History((*map(sent, IDS[:2]), sent("c2", Outcome.UNKNOWN), sent("c3", Outcome.FAIL)))
    found = passage(seen(raw="01", processed="01", chunks="01", parts="01"), landed="01", history=history)
    assert (found.arrived[Hop.SENT], found.arrived[Hop.RAW], found.gaps) == (4, 2, ())


def test_an_id_that_nobody_sent_is_not_counted() -> None:
    assert passage(seen(raw="01237")).arrived[Hop.RAW] == 4


def test_event_types_add_up() -> None:
    one = passage(seen(), landed="012")
    assert together([one, one])[Hop.RAW] == 8
    assert together([one, one])[Hop.MERGED] == 6
    assert losses({"click": one, "sale": one, "visit": passage(seen())}, tuple(Hop)) == [
        "2 of 12 events were lost between parts and merged (1 click, 1 sale)"
    ]


def test_the_document_names_the_hops_of_a_loss() -> None:
    said = passage(seen(parts="012"), landed="012").document()
    assert said["arrived"] == {
        "sent": 4, "raw stream": 4, "processed stream": 4, "chunks": 4, "parts": 3, "merged": 3, "Parquet": 3,
    }  # fmt: skip
    assert said["lost"] == [{"after": "chunks", "before": "parts", "events": 1}]
