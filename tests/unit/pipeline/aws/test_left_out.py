"""What is at fault is so twice, and is in quarantine when it is said to be."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.pipeline.examples import PING
from tests.unit.pipeline.store import BUCKET, WHERE, data_bucket, keys, part_of, put, refuse, tags
from wavetank.pipeline import layout
from wavetank.pipeline.aws import calls, left_out
from wavetank.pipeline.aws.calls import Fetched
from wavetank.pipeline.aws.left_out import ChangedMeanwhileError, Faults
from wavetank.pipeline.layout import SPENT_TAG

PART = layout.part_key(WHERE, "chunk")
CUT = 5


def faults_of(s3: Any) -> Faults:
    """The faults of a part that lacks its end."""
    faults = left_out.of_part(BUCKET, PART, put(s3, PART, part_of(1, 2)[:-CUT]), PING)
    assert faults is not None
    return faults


def test_a_part_that_is_damaged_where_it_lies_is_set_aside_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    with data_bucket(monkeypatch) as s3:
        assert faults_of(s3).left_out.is_whole


def test_a_part_that_came_damaged_once_and_then_whole_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with data_bucket(monkeypatch) as s3:
        etag = put(s3, PART, part_of(1, 2))
        whole = calls.fetch(BUCKET, PART)
        assert whole is not None
        came = iter([Fetched(whole.data[:-CUT], whole.state, whole.written), whole])
        monkeypatch.setattr(calls, "fetch", lambda *_: next(came))
        with pytest.raises(ChangedMeanwhileError):
            left_out.of_part(BUCKET, PART, etag, PING)


def test_what_is_set_aside_again_keeps_the_tag_that_it_was_redriven(monkeypatch: pytest.MonkeyPatch) -> None:
    with data_bucket(monkeypatch) as s3:
        faults = faults_of(s3)
        left_out.set_aside(BUCKET, "ping", faults)
        [key] = keys(s3, "quarantine/")
        s3.put_object_tagging(Bucket=BUCKET, Key=key, Tagging={"TagSet": [SPENT_TAG]})
        left_out.set_aside(BUCKET, "ping", faults)
        assert tags(s3, key) == {SPENT_TAG["Key"]: SPENT_TAG["Value"]}


def test_a_write_that_conflicts_with_another_is_not_taken_for_one_that_was_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with data_bucket(monkeypatch) as s3:
        faults = faults_of(s3)
        refuse(s3, "PutObject", "ConditionalRequestConflict", 409)
        with pytest.raises(ClientError, match="ConditionalRequestConflict"):
            left_out.set_aside(BUCKET, "ping", faults)
