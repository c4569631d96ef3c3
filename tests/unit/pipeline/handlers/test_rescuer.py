"""What was given up is fetched to its last record, and set aside once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.pipeline.store import BUCKET, data_bucket, failure_document, keys, put, tags
from wavetank.pipeline.aws import calls
from wavetank.pipeline.handlers import rescuer
from wavetank.pipeline.layout import SPENT_TAG
from wavetank.pipeline.names import NAMES

DOCUMENT = "aws/lambda/mapping/shard/document"
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/wavetank-ping-raw"
NOTICE = {"Records": [{"s3": {"bucket": {"name": BUCKET}, "object": {"key": DOCUMENT}}}]}


class Stream:
    """A stream that answers with these pages, one after another: numbers of records."""

    def __init__(self, *pages: Sequence[int]) -> None:
        self._all = pages
        self._pages = iter(pages)

    def get_shard_iterator(self, **_: str) -> dict[str, str]:
        self._pages = iter(self._all)
        return {"ShardIterator": "first"}

    def get_records(self, **_: object) -> dict[str, Any]:
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        records = [
            {
                "SequenceNumber": str(number),
                "Data": bytes([number]),
                "PartitionKey": "k",
                "ApproximateArrivalTimestamp": moment,
            }
            for number in next(self._pages)
        ]
        return {"Records": records, "MillisBehindLatest": 60_000, "NextShardIterator": "next"}


def given_up(monkeypatch: pytest.MonkeyPatch, s3: Any, *pages: Sequence[int]) -> None:
    """Put a document about all records of these pages, and have the stream answer with them."""
    monkeypatch.setenv("NAME_PREFIX", NAMES.prefix)
    numbers = [str(number) for page in pages for number in page]
    put(s3, DOCUMENT, failure_document(STREAM, (numbers[0], numbers[-1]), len(numbers)))
    stream = Stream(*pages)
    monkeypatch.setattr(calls, "kinesis", lambda: stream)


def test_an_empty_page_with_records_behind_it_is_not_taken_for_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with data_bucket(monkeypatch) as s3:
        given_up(monkeypatch, s3, (), (1,), (), (), (2, 3))
        assert rescuer.handle(NOTICE, None) == {"documents": 1, "quarantined": 3}


def test_a_document_that_comes_again_leaves_what_was_redriven_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with data_bucket(monkeypatch) as s3:
        given_up(monkeypatch, s3, (1, 2))
        rescuer.handle(NOTICE, None)
        [key] = keys(s3, "quarantine/")
        s3.put_object_tagging(Bucket=BUCKET, Key=key, Tagging={"TagSet": [SPENT_TAG]})
        rescuer.handle(NOTICE, None)
        assert tags(s3, key) == {SPENT_TAG["Key"]: SPENT_TAG["Value"]}
