"""`wavetank ledger`: the fates of all that was sent, by a journal and by the raw streams."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.commands import Ran, wavetank
from wavetank.scenarios.client.batches import Message
from wavetank.scenarios.client.producer import Sender
from wavetank.scenarios.client.wire import encode_frame
from wavetank.scenarios.site.site import Site

pytestmark = pytest.mark.stack

FED = 60

Fed = Callable[..., Ran]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.ndjson"


@pytest.fixture
def fresh(site: Site) -> Site:
    """The pipeline without anything on its streams."""
    site.stack.control.reset()
    return site


def run(site: Site, *arguments: str) -> Ran:
    return wavetank(site.stack.endpoint_url, *arguments)


def feed(site: Site, journal: Path, *more: str) -> None:
    fed = run(site, "feed", "--synthetic", str(FED), "--hours", "2", "--journal", str(journal), "--retain", *more)
    assert fed.exit_code == 0, fed.stderr
    site.settle()


def totals(ran: Ran) -> dict[str, int]:
    """The counts of all event types together, without those that are none."""
    rows = ran.document
    names = [name for name in rows[0] if name not in ("event", "reasons")]
    return {name: count for name in names if (count := sum(row[name] for row in rows))}


def test_what_a_journal_has_sent_is_under_way_until_it_is_merged(fresh: Site, journal: Path) -> None:
    feed(fresh, journal)
    before = run(fresh, "ledger", str(journal), "--json")
    assert (before.exit_code, totals(before)) == (0, {"under way": FED})
    assert {why for row in before.document for why in row["reasons"]["under way"]} == {"last seen: parts"}
    assert run(fresh, "tick").exit_code == 0
    after = run(fresh, "ledger", str(journal), "--json")
    assert (after.exit_code, totals(after)) == (0, {"landed": FED})
    assert totals(run(fresh, "ledger", "--json")) == {"landed": FED}
    assert "landed" in run(fresh, "ledger").stdout


def test_what_is_gone_is_lost_and_its_ids_are_listed(fresh: Site, journal: Path) -> None:
    feed(fresh, journal)
    assert run(fresh, "tick").exit_code == 0
    doomed = fresh.s3.list_objects_v2(Bucket=fresh.data_bucket, Prefix="avro/event=click/")["Contents"][0]["Key"]
    fresh.s3.delete_object(Bucket=fresh.data_bucket, Key=doomed)
    ran = run(fresh, "ledger", str(journal), "--json")
    assert ran.exit_code == 1
    lost = run(fresh, "ledger", str(journal), "--show", "lost", "--json")
    assert lost.exit_code == 1
    assert len(lost.document) == totals(ran)["lost"] > 0
    assert {(row["event"], row["detail"]) for row in lost.document} == {("click", "last seen: parts")}
    listed = run(fresh, "ledger", str(journal), "--show", "lost").stdout.splitlines()
    assert [line.split()[1] for line in listed] == [row["event_id"] for row in lost.document]


def test_what_was_set_aside_and_what_waits_in_a_chunk_are_told_apart(fresh: Site) -> None:
    schema, stream = fresh.routes["click"].schema, fresh.routes["click"].stream
    future_us = int((datetime.now(UTC).timestamp() + 7 * 86_400) * 1_000_000)
    event = {"event_id": "waits", "event_time": 0, "campaign": "c", "attributes": {}}
    frames = [
        encode_frame(schema, event),
        encode_frame(schema, event | {"event_id": "future", "event_time": future_us}),
        encode_frame(schema, event | {"event_id": "damaged"})[:-1],
    ]
    with fresh.stack.faults.drop("s3.notification", match={"key": "chunks/click/*"}):
        with Sender(fresh.stack.client("kinesis")) as sender:
            sender.send([Message(stream, f"key-{number}", data) for number, data in enumerate(frames)])
        fresh.settle()
    ran = run(fresh, "ledger", "--json")
    assert (ran.exit_code, totals(ran)) == (0, {"quarantined": 2, "under way": 1})
    [row] = ran.document
    assert row["reasons"]["under way"] == {"last seen: chunks": 1}
    assert row["reasons"]["quarantined"].keys() == {"future-time", "bad-frame"}
    assert run(fresh, "ledger", "--show", "under-way").stdout == "click waits  last seen: chunks\n"


def test_a_journal_that_does_not_say_what_was_sent_is_refused(fresh: Site, journal: Path, tmp_path: Path) -> None:
    feed(fresh, journal)
    text = journal.read_text().replace('"retain": true', '"retain": false', 1)
    (tmp_path / "unretained").write_text(text)
    with pytest.raises(Exception, match="has not retained"):
        run(fresh, "ledger", str(tmp_path / "unretained"))
    (tmp_path / "other").write_text(json.dumps({"a": 1}) + "\n")
    with pytest.raises(Exception, match="is not a journal"):
        run(fresh, "ledger", str(tmp_path / "other"))
    assert run(fresh, "ledger", str(tmp_path / "none")).exit_code == 2
    assert "landed, quarantined" in run(fresh, "ledger", "--show", "gone").stderr


def test_nothing_sent_is_said(fresh: Site) -> None:
    ran = run(fresh, "ledger")
    assert (ran.exit_code, ran.stdout) == (3, "nothing was sent\n")
