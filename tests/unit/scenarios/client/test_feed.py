"""Every line that is read is accounted for, whatever the line and whatever the stream says."""

import csv
import gzip
import io
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ReadTimeoutError
from fastavro import schemaless_reader

from tests.unit.scenarios.client.kinesis_double import ScriptedKinesis, Step, raises, refuses, takes_all
from wavetank.emulator.stack.home import project_root
from wavetank.pipeline import topology
from wavetank.scenarios.client.feed import Feed, FeedCounts
from wavetank.scenarios.client.producer import Producer, Retry, Route, Sender, routes
from wavetank.scenarios.client.wire import HEADER_BYTES, WireSchema
from wavetank.scenarios.commands.feed.job import FileJob, JournalOptions, SyntheticJob
from wavetank.scenarios.workload import synthetic
from wavetank.scenarios.workload.mapper import Mapper
from wavetank.scenarios.workload.mapping_file import from_document
from wavetank.scenarios.workload.ndjson import LineReader
from wavetank.scenarios.workload.rejects import RejectFile
from wavetank.scenarios.workload.synthetic import EventType

PING = WireSchema.of(
    {
        "type": "record",
        "name": "Ping",
        "fields": [
            {"name": "event_id", "type": "string"},
            {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            {"name": "note", "type": ["null", "string"], "default": None},
        ],
    }
)
ROUTES = {"ping": Route("wavetank-ping-raw", PING)}
RULES = {"event": "ping", "id": {"field": "id"}, "time": {"field": "t", "format": "epoch_s"}}
GOOD = [f'{{"id": "p-{n}", "t": {n}}}' for n in range(4)]
START = datetime(2025, 1, 1, tzinfo=UTC)


def mapper() -> Mapper:
    return Mapper(from_document(RULES, "ping.toml", {"ping": PING.definition}))


class Run:
    """One feed into a scripted stream."""

    def __init__(self, folder: Path, *steps: Step) -> None:
        self.kinesis = ScriptedKinesis(*steps)
        self.stop = threading.Event()
        self.rejects = RejectFile(folder / "rejected.ndjson")
        self.seen: list[int] = []

    def feed(self, text: str | bytes) -> FeedCounts:
        data = text.encode() if isinstance(text, str) else text
        return self._run(lambda feed: feed.rows(LineReader(io.BytesIO(data)), mapper()))

    def _run(self, work: Callable[[Feed], FeedCounts]) -> FeedCounts:
        retry = Retry(stalls=2, base_s=0.0)
        with Sender(cast(Any, self.kinesis), retry=retry, stop=self.stop, in_flight=1) as sender:
            progress = lambda counts: self.seen.append(counts.accounted)  # noqa: E731
            return work(Feed(Producer(sender, ROUTES), self.rejects, self.stop, progress))

    @property
    def kept(self) -> list[dict[str, Any]]:
        if not self.rejects.path.exists():
            return []
        return [json.loads(line) for line in self.rejects.path.read_bytes().splitlines()]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    return lambda *steps: Run(tmp_path, *steps)


def test_good_lines_are_acknowledged_and_no_file_is_made(run: Callable[..., Run]) -> None:
    one = run(takes_all)
    counts = one.feed("\n".join(GOOD))
    assert (counts.read, counts.acknowledged, counts.rejected) == (4, 4, 0)
    assert counts.all_acknowledged
    assert not one.rejects.path.exists()
    assert one.seen[-1] == 4


def test_bad_lines_are_kept_with_number_reason_and_text_and_harm_no_other(run: Callable[..., Run]) -> None:
    bad = ['{"t": 1}', "nonsense", '{"id": "x", "t": "soon"}']
    one = run(takes_all)
    counts = one.feed("\n".join([GOOD[0], bad[0], "", GOOD[1], bad[1], "  ", bad[2], GOOD[2]]))
    assert (counts.read, counts.blank, counts.rejected, counts.acknowledged) == (8, 2, 3, 3)
    assert not counts.all_acknowledged
    assert [(entry["line"], entry["reason"], entry["text"]) for entry in one.kept] == [
        (2, "missing-id", bad[0]),
        (5, "not-json", bad[1]),
        (7, "bad-time", bad[2]),
    ]
    assert all(entry["message"] for entry in one.kept)


def test_a_line_that_is_not_utf8_is_kept_byte_for_byte(run: Callable[..., Run]) -> None:
    one = run(takes_all)
    one.feed(b'{"id": "\xff"}\n')
    (entry,) = one.kept
    assert entry == {
        "line": 1,
        "reason": "not-utf8",
        "message": "byte 8 is not UTF-8",
        "base64": "eyJpZCI6ICL/In0=",
    }


def test_a_record_that_no_stream_holds_is_rejected_before_it_is_sent(run: Callable[..., Run]) -> None:
    one = run(takes_all)
    large = json.dumps({"id": "large", "t": 1, "note": "x" * 1_100_000})
    long_key = json.dumps({"id": "k" * 1_100_000, "t": 1})
    counts = one.feed("\n".join([large, long_key, GOOD[0]]))
    assert (counts.rejected, counts.acknowledged) == (2, 1)
    assert [entry["reason"] for entry in one.kept] == ["too-large", "too-large"]


def test_deep_nesting_is_a_rejected_line_not_a_crash(run: Callable[..., Run]) -> None:
    one = run(takes_all)
    deep = '{"id": "d", "t": 1, "note": ' + "[" * 3000 + "]" * 3000 + "}"
    counts = one.feed("\n".join([deep, GOOD[0]]))
    assert (counts.rejected, counts.acknowledged) == (1, 1)


def test_records_sent_again_are_counted_and_acknowledged_once(run: Callable[..., Run]) -> None:
    one = run(refuses(1, 2), takes_all)
    counts = one.feed("\n".join(GOOD))
    assert (counts.acknowledged, counts.retried) == (4, 2)
    assert counts.all_acknowledged


def test_what_the_stream_refuses_to_the_end_is_kept(run: Callable[..., Run]) -> None:
    one = run(refuses(0), refuses(0))
    counts = one.feed("\n".join(GOOD))
    assert (counts.acknowledged, counts.failed) == (3, 1)
    assert not counts.all_acknowledged
    assert counts.accounted == counts.read
    assert [(entry["line"], entry["reason"], entry["text"]) for entry in one.kept] == [(1, "refused", GOOD[0])]


def test_a_stream_that_answers_nothing_ends_the_feed_and_every_line_read_is_kept(
    run: Callable[..., Run],
) -> None:
    one = run(raises(ReadTimeoutError(endpoint_url="http://127.0.0.1:1")))
    counts = one.feed("\n".join(f'{{"id": "p-{n}", "t": {n}}}' for n in range(5_000)))
    assert counts.gave_up is not None
    assert "ReadTimeoutError" in counts.gave_up
    assert counts.acknowledged == 0
    assert counts.unknown == counts.read < 5_000
    assert [entry["line"] for entry in one.kept] == list(range(1, counts.read + 1))
    assert {entry["reason"] for entry in one.kept} == {"unknown-outcome"}


def test_stop_sends_what_was_read_and_reads_no_more(run: Callable[..., Run]) -> None:
    one = run(takes_all)

    class Interrupting(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            one.stop.set()
            return super().read(size)

    with Sender(cast(Any, one.kinesis), stop=one.stop) as sender:
        feed = Feed(Producer(sender, ROUTES), one.rejects, one.stop)
        counts = feed.rows(LineReader(Interrupting("\n".join(GOOD).encode())), mapper())
    assert (counts.read, counts.acknowledged) == (1, 1)


def test_a_truncated_file_is_fed_as_far_as_it_goes_and_reported_incomplete(tmp_path: Path) -> None:
    source = tmp_path / "pings.ndjson.gz"
    source.write_bytes(gzip.compress("\n".join(GOOD).encode())[:-4])
    rejected = tmp_path / "rejected.ndjson"
    with Sender(cast(Any, ScriptedKinesis()), in_flight=1) as sender:
        report = FileJob(source, mapper(), rejected).run(Producer(sender, ROUTES), threading.Event(), show=False)
    assert report["input_error"] == "the gzip data is truncated"
    assert report["complete"] is False
    assert report["read"] == report["acknowledged"] + report["rejected"] == len(GOOD)
    assert report["reasons"] == {"cut-off": 1}


PINGS = [{"id": "p-1", "t": "1", "note": 'a "b",\nc'}, {"id": "", "t": "2", "note": "x"}, {"id": "p-3", "t": "3"}]


def write_pings(path: Path) -> None:
    """The same three rows, the second of which has no id."""
    match path.suffix:
        case ".parquet":
            pq.write_table(pa.Table.from_pylist(PINGS), path, row_group_size=2)
        case ".csv":
            with path.open("w", newline="") as out:
                writer = csv.DictWriter(out, ["id", "t", "note"], delimiter=";")
                writer.writeheader()
                writer.writerows(PINGS)
        case _:
            path.write_text("".join(json.dumps(ping) + "\n" for ping in PINGS))


@pytest.mark.parametrize(
    ("name", "number", "text"),
    [
        ("pings.ndjson", 2, '{"id": "", "t": "2", "note": "x"}'),
        ("pings.csv", 4, ";2;x\r"),
        ("pings.parquet", 2, '{"id":"","t":"2","note":"x"}'),
    ],
)
def test_each_format_gives_the_same_records_and_a_journal_sends_none_of_them_again(
    tmp_path: Path, name: str, number: int, text: str
) -> None:
    write_pings(tmp_path / name)
    rejected = tmp_path / "rejected.ndjson"
    options = JournalOptions(tmp_path / "journal")
    reports = []
    kinesis = ScriptedKinesis()
    for _ in range(2):
        with Sender(cast(Any, kinesis), in_flight=1) as sender:
            job = FileJob(tmp_path / name, mapper(), rejected, journal_options=options)
            reports.append(job.run(Producer(sender, ROUTES), threading.Event(), show=False))
        if len(reports) == 1:
            (entry,) = map(json.loads, rejected.read_text().splitlines())
    assert (entry["line"], entry["reason"], entry["text"]) == (number, "missing-id", text)
    assert [(report["read"], report["acknowledged"]) for report in reports] == [(3, 2), (0, 0)]
    ((_, entries),) = kinesis.requests
    records = [schemaless_reader(io.BytesIO(entry["Data"][HEADER_BYTES:]), PING.parsed, None) for entry in entries]
    assert records == [
        {"event_id": "p-1", "event_time": 1_000_000, "note": 'a "b",\nc'},
        {"event_id": "p-3", "event_time": 3_000_000, "note": None},
    ]


def test_a_run_without_rejected_lines_removes_the_file_of_an_earlier_run(run: Callable[..., Run]) -> None:
    one = run(takes_all)
    one.rejects.path.write_text('{"line": 1, "reason": "not-json", "message": "", "text": "old"}\n')
    one.feed(GOOD[0])
    assert not one.rejects.path.exists()


@pytest.mark.parametrize("notes", ["old", "", '{"my": "notes"}'])
def test_a_run_without_rejected_lines_leaves_any_other_file_alone(run: Callable[..., Run], notes: str) -> None:
    one = run(takes_all)
    one.rejects.path.write_text(notes)
    one.feed(GOOD[0])
    assert one.rejects.path.read_text() == notes


def test_a_synthetic_feed_puts_each_event_on_the_stream_of_its_type_by_the_key_of_its_component(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kinesis = ScriptedKinesis()
    planned = topology.load(project_root() / "schemas")
    known = routes(planned)
    job = SyntheticJob(planned, 1_000, 7, START, 2.0)
    with Sender(cast(Any, kinesis), in_flight=2) as sender:
        report = job.run(Producer(sender, known), threading.Event(), show=False)
    assert (report["read"], report["acknowledged"], report["complete"]) == (1_000, 1_000, True)
    keys = {stream: Counter[str]() for stream in (known[name].stream for name in EventType)}
    for stream, entries in kinesis.requests:
        keys[stream].update(entry["PartitionKey"] for entry in entries)
    expected = synthetic.synthetic(1_000, 7, START, 2.0)
    for name in EventType:
        field = planned.event(name).component.partition_key
        events = [event for event in expected if event.event_type == name]
        assert keys[known[name].stream] == Counter(event.record[field] or event.event_id for event in events)


def test_a_long_feed_holds_no_more_than_what_is_in_flight(run: Callable[..., Run]) -> None:
    one = run(takes_all)
    most = 0

    def lines() -> Iterator[bytes]:
        for n in range(30_000):
            yield f'{{"id": "p-{n}", "t": {n}}}\n'.encode()

    with Sender(cast(Any, one.kinesis), in_flight=2) as sender:
        feed = Feed(Producer(sender, ROUTES), one.rejects, one.stop)

        def watch(counts: FeedCounts) -> None:
            nonlocal most
            most = max(most, counts.read - counts.accounted)

        feed.progress = watch
        feed.rows(LineReader(io.BytesIO(b"".join(lines()))), mapper())
    assert 0 < most <= 500 * 5
