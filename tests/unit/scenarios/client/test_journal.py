"""What a producer was given and got no acknowledgement for is sent when it resumes."""

import io
import json
import threading
from pathlib import Path

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.unit.scenarios.client.kinesis_double import ScriptedKinesis, Step, raises, refuses, takes_all
from tests.unit.scenarios.client.test_feed import GOOD, ROUTES, mapper
from wavetank.scenarios.client.batches import Message
from wavetank.scenarios.client.feed import Feed, FeedCounts
from wavetank.scenarios.client.journal import Journal, JournalError
from wavetank.scenarios.client.producer import Producer, Retry, Sender
from wavetank.scenarios.workload.ndjson import LineReader
from wavetank.scenarios.workload.rejects import RejectFile

ONE = Message("clicks", "a-key", b"\x00\xff frame")
LINES = "\n".join([GOOD[0], "", "no json", *GOOD[1:]])
NO_ANSWER = ReadTimeoutError(endpoint_url="http://127.0.0.1:1")
NEVER = Retry(stalls=1)


def keep(journal: Journal, *numbers: int) -> None:
    for number in numbers:
        journal.keep(number, ONE, b"line \xff")


def waiting(path: Path) -> list[int]:
    return [number for number, _, _ in Journal(path, "file").waiting()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.ndjson"


def test_what_is_kept_comes_back_as_it_was(path: Path) -> None:
    journal = Journal(path, "file")
    keep(journal, 3)
    assert Journal(path, "file").waiting() == [(3, ONE, b"line \xff")]


@pytest.mark.parametrize("in_order", [True, False])
def test_what_is_acknowledged_does_not_come_back(path: Path, in_order: bool) -> None:
    journal = Journal(path, "file")
    keep(journal, 1, 2, 3)
    journal.acknowledge([1, 3])
    if in_order:
        journal.close()
    assert waiting(path) == [2]
    assert Journal(path, "file").read == 3


def test_a_line_cut_off_by_a_kill_is_as_if_not_written(path: Path) -> None:
    journal = Journal(path, "file")
    keep(journal, 1, 2)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    assert waiting(path) == [1]
    resumed = Journal(path, "file")
    keep(resumed, 2)
    assert waiting(path) == [1, 2]


def test_closed_in_order_it_holds_no_more_than_what_waits(path: Path) -> None:
    journal = Journal(path, "file")
    keep(journal, *range(1, 101))
    journal.acknowledge(range(1, 101))
    journal.close()
    assert len(path.read_text().splitlines()) == 3


@pytest.mark.parametrize("in_order", [True, False])
def test_what_is_retained_is_sent_again_once_the_stack_has_lost_it(path: Path, in_order: bool) -> None:
    journal = Journal(path, "file", retain=True)
    keep(journal, 1, 2, 3)
    journal.acknowledge([1, 2, 3])
    if in_order:
        journal.close()
    resumed = Journal(path, "file")
    assert resumed.waiting() == []
    resumed.rewind()
    assert resumed.waiting() == [(number, ONE, b"line \xff") for number in (1, 2, 3)]
    resumed.acknowledge([2])
    assert waiting(path) == [1, 3]


def test_what_was_not_retained_cannot_be_sent_again(path: Path) -> None:
    with pytest.raises(JournalError, match="not retained"):
        Journal(path, "file").rewind()


def test_the_journal_of_another_source_is_refused(path: Path) -> None:
    Journal(path, "one file").close()
    with pytest.raises(JournalError, match="one file"):
        Journal(path, "another")


@pytest.mark.parametrize("text", ["", "no json\n", '{"kept": 1}\n', "[]\n"])
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(JournalError, match="not a journal"):
        Journal(path, "file")
    assert path.read_text() == text


def test_a_damaged_journal_is_refused(path: Path) -> None:
    path.write_text(json.dumps({"source": "file"}) + "\n" + json.dumps({"strange": 1}) + "\n")
    with pytest.raises(JournalError, match="damaged"):
        Journal(path, "file")


def feed(folder: Path, *steps: Step, lines: str = LINES) -> tuple[FeedCounts, ScriptedKinesis]:
    """One feed of the same lines, with the same journal."""
    kinesis = ScriptedKinesis(*steps)
    stop = threading.Event()
    journal = Journal(folder / "journal.ndjson", "file")
    with Sender(kinesis, in_flight=1, retry=NEVER, stop=stop) as sender:  # type: ignore[arg-type]
        run = Feed(Producer(sender, ROUTES), RejectFile(folder / "rejected.ndjson"), stop, journal=journal)
        return run.rows(LineReader(io.BytesIO(lines.encode())), mapper()), kinesis


def test_a_feed_that_got_no_answer_sends_the_same_records_when_it_resumes(tmp_path: Path) -> None:
    first, lost = feed(tmp_path, raises(NO_ANSWER))
    assert (first.acknowledged, first.unknown) == (0, 4)
    again, kinesis = feed(tmp_path, takes_all)
    assert (again.read, again.acknowledged, again.rejected, again.blank) == (4, 4, 0, 0)
    assert again.all_acknowledged
    assert kinesis.requests == lost.requests


def test_only_what_was_refused_is_sent_again(tmp_path: Path) -> None:
    feed(tmp_path, refuses(1), refuses())
    again, _ = feed(tmp_path, takes_all)
    assert (again.read, again.acknowledged) == (1, 1)
    assert feed(tmp_path)[0].read == 0


def test_lines_that_were_added_are_fed_when_it_resumes(tmp_path: Path) -> None:
    feed(tmp_path, takes_all)
    more, _ = feed(tmp_path, takes_all, lines=LINES + '\n{"id": "p-9", "t": 9}')
    assert (more.read, more.acknowledged) == (1, 1)
