"""What is published is there whole or not at all, nobody goes back in time, and what nothing needs goes."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipeline.store import BUCKET, data_bucket, dated, keys, put, tags
from wavetank.pipeline import layout
from wavetank.pipeline.aws import publication as module
from wavetank.pipeline.aws.lease import Leased, lease
from wavetank.pipeline.aws.publication import Overtaken, Publication, TooLate
from wavetank.pipeline.reference.index import BEGINNING_US, DELAY_US, PUBLISH_US, SECOND_US, Index

INDEX = layout.reference_index_key("things")
LEASE = layout.lease_key("ads")
FOREVER_US = 10**15
WITHIN_US = -DELAY_US - 3600 * SECOND_US
"""A time to keep entries for, as if the newest had been in effect for an hour."""


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with data_bucket(monkeypatch) as client:
        client.meta.events.register("after-call.s3", dated)
        yield client


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    path = tmp_path / "snapshot"
    path.write_bytes(b"rows")
    return path


def begun(s3: Any) -> Publication:
    publication = Publication(s3, BUCKET, "things")
    publication.read_index()
    return publication


def index_of(s3: Any) -> Index:
    return Index.from_json(s3.get_object(Bucket=BUCKET, Key=INDEX)["Body"].read())


def key_of(digest: str) -> str:
    return layout.reference_snapshot_key("things", digest)


@pytest.mark.parametrize("broken", [INDEX, layout.reference_snapshot_key("things", "a")])
def test_the_snapshot_is_there_before_the_index_is_written(
    s3: Any, snapshot: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    put_object = s3.put_object

    def breaking(Key: str, **more: Any) -> Any:  # noqa: N803
        if Key == broken:
            raise ConnectionError
        return put_object(Key=Key, **more)

    publication = begun(s3)
    monkeypatch.setattr(s3, "put_object", breaking)
    with pytest.raises(ConnectionError):
        publication.publish("a", snapshot, 1, FOREVER_US)
    assert keys(s3) == ([key_of("a")] if broken == INDEX else [])
    assert begun(s3).index == Index()


def test_entries_follow_each_other_by_their_delay(s3: Any, snapshot: Path) -> None:
    first = begun(s3).publish("a", snapshot, 7, FOREVER_US)
    assert first is not None
    assert first.from_us == BEGINNING_US
    publication = begun(s3)
    assert publication.newest_rows() == 7
    second = publication.publish("b", snapshot, 1, FOREVER_US)
    assert second is not None
    assert abs(second.from_us - publication.now_us - DELAY_US) < 5 * SECOND_US
    assert begun(s3).publish("b", snapshot, 1, FOREVER_US) is None


def test_who_began_first_and_ends_last_is_refused(s3: Any, snapshot: Path) -> None:
    slow, quick = begun(s3), begun(s3)
    quick.publish("new", snapshot, 1, FOREVER_US)
    with pytest.raises(Overtaken):
        slow.publish("old", snapshot, 1, FOREVER_US)
    assert [entry.digest for entry in index_of(s3).entries] == ["new"]


def test_an_index_that_was_written_though_the_answer_was_lost_is_published(s3: Any, snapshot: Path) -> None:
    publication = begun(s3)
    put_object = s3.put_object

    def forgetful(Key: str, **more: Any) -> Any:  # noqa: N803
        answered = put_object(Key=Key, **more)
        return put_object(Key=Key, **more) if Key == INDEX else answered

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(s3, "put_object", forgetful)
        entry = publication.publish("a", snapshot, 1, FOREVER_US)
    assert entry is not None
    assert index_of(s3).newest == entry
    assert publication.publish("b", snapshot, 1, FOREVER_US) is not None, "and its state is known"


def test_an_index_is_not_written_once_it_could_be_seen_too_late(
    s3: Any, snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication = begun(s3)
    publication.publish("a", snapshot, 1, FOREVER_US)
    monkeypatch.setattr(module, "PUBLISH_US", 0)
    with pytest.raises(TooLate, match="nothing is changed"):
        publication.publish("b", snapshot, 1, FOREVER_US)
    assert [entry.digest for entry in index_of(s3).entries] == ["a"]


def test_an_index_that_was_seen_too_late_is_told_of(s3: Any, snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publication = begun(s3)
    monkeypatch.setattr(publication, "_in_time", lambda _decided: pytest.MonkeyPatch.context())
    monkeypatch.setattr(module, "PUBLISH_US", -PUBLISH_US)
    with pytest.raises(TooLate, match="after it was decided"):
        publication.publish("a", snapshot, 1, FOREVER_US)


def test_what_is_superseded_leaves_the_index_and_is_tagged(
    s3: Any, snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ORPHAN_AGE", timedelta(hours=-1))
    for digest in ("a", "b", "c"):
        begun(s3).publish(digest, snapshot, 1, FOREVER_US)
    put(s3, key_of("orphan"))
    publication = begun(s3)
    assert not publication.prune(FOREVER_US)
    assert publication.supersede() == 1
    assert publication.prune(WITHIN_US)
    assert publication.supersede() == 3
    assert [entry.digest for entry in index_of(s3).entries] == ["c"]
    tag = {layout.SUPERSEDED_TAG["Key"]: layout.SUPERSEDED_TAG["Value"]}
    assert {digest: tags(s3, key_of(digest)) for digest in ("a", "b", "c", "orphan")} == {
        "a": tag,
        "b": tag,
        "c": {},
        "orphan": tag,
    }


def test_a_snapshot_that_comes_back_is_written_again_without_its_tag(
    s3: Any, snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ORPHAN_AGE", timedelta(hours=-1))
    for digest in ("a", "b"):
        begun(s3).publish(digest, snapshot, 1, FOREVER_US)
    publication = begun(s3)
    publication.prune(WITHIN_US)
    publication.supersede()
    assert tags(s3, key_of("a"))
    publication.publish("a", snapshot, 1, FOREVER_US)
    assert tags(s3, key_of("a")) == {}
    assert publication.supersede() == 0


def test_a_snapshot_that_has_just_been_written_is_no_orphan_yet(s3: Any) -> None:
    put(s3, key_of("just written"))
    assert begun(s3).supersede() == 0


def test_a_heartbeat_says_what_there_was_and_when(s3: Any) -> None:
    publication = begun(s3)
    assert publication.read_heartbeat() is None
    publication.write_heartbeat(12, "a", 3)
    beat = publication.read_heartbeat()
    assert beat is not None
    assert (beat.tick_us, beat.digest, beat.rows) == (12, "a", 3)
    assert abs(beat.looked_us - publication.now_us) < 5 * SECOND_US
    put(s3, layout.reference_heartbeat_key("things"), b"no heartbeat")
    assert publication.read_heartbeat() is None


def test_one_run_has_the_lease_at_a_time_and_gives_it_back(s3: Any) -> None:
    with lease(BUCKET, "ads"):
        with pytest.raises(Leased), lease(BUCKET, "ads"):
            raise AssertionError("two have it")
        with lease(BUCKET, "another"):
            pass
    with pytest.raises(RuntimeError), lease(BUCKET, "ads"):
        raise RuntimeError
    with lease(BUCKET, "ads"):
        pass


def test_a_lease_that_has_run_out_or_is_none_is_taken_and_not_given_back_by_who_had_it(s3: Any) -> None:
    put(s3, LEASE, b'{"run": "killed", "until": 1}')
    with lease(BUCKET, "ads"):
        put(s3, LEASE, b'{"run": "next", "until": 99999999999}')
    with pytest.raises(Leased), lease(BUCKET, "ads"):
        pass
    put(s3, LEASE, b"no lease")
    with lease(BUCKET, "ads"):
        pass


def test_a_lease_that_was_taken_though_the_answer_was_lost_is_had(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    put_object, count = s3.put_object, 0

    def forgetful(**more: Any) -> Any:
        nonlocal count
        count += 1
        answered = put_object(**more)
        return put_object(**more) if count == 1 else answered

    monkeypatch.setattr(s3, "put_object", forgetful)
    with lease(BUCKET, "ads"):
        pass
    assert b'"until": 0.0' in s3.get_object(Bucket=BUCKET, Key=LEASE)["Body"].read()
