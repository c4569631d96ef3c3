"""Feed, settle, tick, query, head and re-drive, as a user types them."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import Ran, wavetank
from wavetank.emulator.errors import CallerError
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.scenarios.client import at_rest, quarantine
from wavetank.scenarios.client.batches import Message
from wavetank.scenarios.client.producer import Sender
from wavetank.scenarios.oracle.history import Outcome
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.site.ticks import hours_with_parts
from wavetank.scenarios.workload.synthetic import synthetic

pytestmark = pytest.mark.stack

N, SEED = 300, 5
START = datetime(2025, 3, 1, 20, tzinfo=UTC)
ENDLESS = 5_000_000
MAPPING = """
event = "click"
id.field = "id"
time = { field = "t", format = "epoch_ms" }
rename = { imp = "impression_id" }
"""


@pytest.fixture
def site(stack: EmbeddedStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The pipeline on this worker's stack, with an empty data bucket."""
    monkeypatch.chdir(tmp_path)
    deployed = Site.deployed_on(stack)
    deployed.settle()
    deployed.empty()
    return deployed


def run(site: Site, *arguments: str) -> Ran:
    return wavetank(site.stack.endpoint_url, *arguments)


def made_up(hours: int) -> tuple[str, ...]:
    """The options that feed `N` events of so many hours from `START`."""
    return ("--synthetic", str(N), "--seed", str(SEED), "--hours", str(hours), "--start", START.isoformat())


def done(site: Site, *arguments: str) -> Ran:
    ran = run(site, *arguments)
    assert ran.exit_code == 0, ran.stdout + ran.stderr
    return ran


def test_a_synthetic_stream_lands_whole_and_feeding_it_again_changes_nothing(site: Site) -> None:
    hours = 14
    report = done(site, "feed", *made_up(hours), "--json").document
    assert (report["read"], report["acknowledged"], report["complete"]) == (N, N, True)
    done(site, "settle")
    ticks = done(site, "tick", "--json").document["ticks"]
    assert [tick["function"] for tick in ticks] == ["replayer", *["planner"] * 2]

    expected = Counter(event.event_type for event in synthetic(N, SEED, START, hours))
    for event_type, number in expected.items():
        sql = f"select count(*), count(distinct event_id) from {event_type}"
        assert list(done(site, "query", sql, "--json").document[0].values()) == [number, number]
    assert len(done(site, "head", "click", "-n", "3", "--json").document) == 3

    before = at_rest.digests(site.s3, site.data_bucket)
    assert before
    done(site, "feed", *made_up(hours))
    done(site, "settle")
    done(site, "tick")
    assert at_rest.digests(site.s3, site.data_bucket) == before


def test_a_mapped_file_lands_with_its_fields_and_its_bad_lines_are_kept(site: Site, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MAPPING)
    good = [{"id": f"c-{n}", "t": 1_740_000_000_000 + n, "imp": f"i-{n}", "x-y": n / 10} for n in range(20)]
    lines = [*map(json.dumps, good), '{"id": "late"}', "{"]
    (tmp_path / "clicks.ndjson").write_text("\n".join(lines))

    ran = run(site, "feed", "clicks.ndjson", "--mapping", "mine.toml")
    assert ran.exit_code == 1
    assert "20 of 22 rows acknowledged" in ran.stdout
    kept = [json.loads(line) for line in (tmp_path / "clicks.ndjson.rejected.ndjson").read_text().splitlines()]
    assert [(entry["line"], entry["reason"]) for entry in kept] == [(21, "missing-time"), (22, "not-json")]

    done(site, "settle")
    done(site, "tick", "--only", "planner")
    sql = "select event_id, impression_id, attributes['x-y'] as kept from click order by epoch_us(event_time)"
    assert done(site, "query", sql, "--json").document == [
        {"event_id": row["id"], "impression_id": row["imp"], "kept": str(row["x-y"])} for row in good
    ]


def test_a_tick_merges_only_the_hours_it_is_asked_for(site: Site) -> None:
    done(site, "feed", *made_up(26))
    done(site, "settle")
    hours = hours_with_parts(site.s3, site.data_bucket)
    assert (hours[0], len(hours)) == (START, 26)
    done(site, "tick", "--from", "2025-03-02", "--to", "2025-03-02T06:00", "--only", "planner")
    keys = map(at_rest.RestKey.parse, at_rest.keys(site.s3, site.data_bucket, "avro/"))
    merged = {(key.date, key.hour) for key in keys}
    # A window is twelve hours, and one more at its edge: no less than asked for, and nothing far from it.
    assert {("2025-03-02", hour) for hour in range(6)} <= merged
    assert ("2025-03-02", 13) not in merged


def test_tick_at_a_time_runs_each_function_once_as_of_that_time(site: Site) -> None:
    ticks = done(site, "tick", "--at", "2019-11-24T12:00:00Z", "--json").document["ticks"]
    assert [(tick["function"], tick["time"]) for tick in ticks] == [
        ("replayer", "2019-11-24T12:00:00Z"),
        ("planner", "2019-11-24T12:00:00Z"),
    ]


def test_redrive_sends_the_original_bytes_round_once(site: Site) -> None:
    stream = site.topology.event("click").raw_stream
    garbage = [Message(stream, f"key-{n}", b"no frame at all %d" % n) for n in range(5)]
    with Sender(site.stack.client("kinesis")) as sender:
        assert {receipt.outcome for receipt in sender.send(garbage)} == {Outcome.OK}
    done(site, "settle")
    held = list(quarantine.all_records(site.s3, site.data_bucket, "click"))
    assert {record.payload for record in held} == {message.data for message in garbage}

    dry = done(site, "redrive", "--dry-run", "--json").document
    assert sum(file["records"] for file in dry["files"]) == len(garbage)
    sent = done(site, "redrive", "--event", "click", "--reason", held[0].reason, "--json").document
    assert sum(file["acknowledged"] for file in sent["files"]) == len(garbage)
    done(site, "settle")

    tagged = {file["key"] for file in sent["files"]}
    left = done(site, "redrive", "--dry-run", "--json").document["files"]
    assert tagged.isdisjoint(file["key"] for file in left)
    # The same bytes are refused again, now as new arrivals.
    again = [record.payload for record in quarantine.all_records(site.s3, site.data_bucket, "click")]
    assert Counter(again) == Counter([message.data for message in garbage] * 2)


def test_asking_before_anything_is_at_rest_says_what_to_do(site: Site) -> None:
    ran = run(site, "query", "select 1")
    assert ran.exit_code == 1
    assert "wavetank feed" in ran.stderr
    assert "nothing to do" in done(site, "tick", "--only", "planner").stdout


def test_a_mistake_in_the_sql_shows_the_views_there_are(site: Site) -> None:
    done(site, "feed", "--synthetic", "30", "--hours", "1")
    done(site, "settle")
    done(site, "tick")
    ran = run(site, "query", "select nope from click")
    assert ran.exit_code == 1
    assert "nope" in ran.stderr
    assert "click (event_id, event_time, impression_id" in ran.stderr


def test_feeding_a_stack_without_the_pipeline_says_so(
    stack: EmbeddedStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CallerError, match=r"no stream wavetank-staging-[a-z]+-raw.*\n.*wavetank up"):
        wavetank(stack.endpoint_url, "feed", "--synthetic", "1", "--stage", "staging")


def test_ctrl_c_ends_a_feed_with_its_counts(site: Site, tmp_path: Path) -> None:
    latest = newest_records(site)
    process = subprocess.Popen(
        [sys.executable, "-m", "wavetank.scenarios.cli", "feed", "--synthetic", str(ENDLESS), "--json"],
        cwd=tmp_path,
        env={**os.environ, "AWS_ENDPOINT_URL": site.stack.endpoint_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        while not next(latest):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    report = json.loads(stdout)
    assert process.returncode == 130
    assert "stopping" in stderr
    assert report["interrupted"] is True
    assert 0 < report["acknowledged"] == report["read"] < ENDLESS


def newest_records(site: Site) -> Iterator[int]:
    """How many impressions came since the last look, on one shard, from now on."""
    kinesis = site.stack.client("kinesis")
    stream = site.topology.event("impression").raw_stream
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    answer = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="LATEST")
    return _looks(kinesis, answer["ShardIterator"])


def _looks(kinesis: Any, cursor: str) -> Iterator[int]:
    while True:
        answer = kinesis.get_records(ShardIterator=cursor)
        cursor = answer["NextShardIterator"]
        yield len(answer["Records"])
