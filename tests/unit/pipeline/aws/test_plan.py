"""Parts that came too late are put aside, and come back with all that is known of them."""

from datetime import datetime, timedelta

import pytest
from moto.s3.models import s3_backends

from tests.unit.pipeline.store import BUCKET, WHERE, data_bucket, keys, part_of, put, refuse
from wavetank.pipeline import layout
from wavetank.pipeline.aws import partitions
from wavetank.pipeline.aws.partitions import IndexMetadata, StoredIndex
from wavetank.pipeline.aws.plan import move_to_late, remove_landed, restore
from wavetank.pipeline.core.files.id_index import IdIndex
from wavetank.pipeline.layout import HOUR, LATE, PARTS

PART = layout.part_key(WHERE, "chunk")
OTHER = layout.part_key(WHERE, "another chunk")


def merged(*etags: tuple[str, str]) -> None:
    """Have an index say that these parts are merged."""
    partitions.save_index(BUCKET, WHERE, StoredIndex(IdIndex(dict(etags))), IndexMetadata("then", "then"))


def written(key: str, moment: datetime) -> None:
    """Set the time at which an object was written, as S3 tells it."""
    [backend] = s3_backends["123456789012"].values()
    backend.buckets[BUCKET].keys[key].last_modified = moment


@pytest.mark.parametrize(("after", "is_moved"), [(-1, False), (0, True), (1, True)])
def test_a_part_is_looked_up_unless_it_is_older_by_a_second_than_the_index(
    monkeypatch: pytest.MonkeyPatch, after: int, *, is_moved: bool
) -> None:
    with data_bucket(monkeypatch) as s3:
        put(s3, PART, part_of(1))
        merged(("parts/another", '"1"'))
        noon = datetime(2026, 1, 1, 12)
        written(layout.ids_key(WHERE), noon)
        written(PART, noon + timedelta(seconds=after))
        assert move_to_late(BUCKET, WHERE.event_type, WHERE.start + HOUR).parts == is_moved
        assert keys(s3, "late/") == ([layout.moved_key(PART, LATE)] if is_moved else [])


def test_a_late_part_that_was_put_back_is_removed_when_it_is_merged_and_not_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with data_bucket(monkeypatch) as s3:
        for key in (PART, OTHER):
            put(s3, layout.moved_key(key, LATE), part_of(1), Metadata={"events": "1"})
        late = restore(BUCKET, WHERE.event_type, [WHERE.start])
        assert (late.parts, late.events, set(keys(s3, "parts/"))) == (2, 2, {PART, OTHER})
        merged((PART, late.restored[PART]))
        remove_landed(BUCKET, late.restored)
        assert keys(s3, "late/") == [layout.moved_key(OTHER, LATE)]


def test_a_part_that_is_there_already_is_not_written_anew_without_its_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    with data_bucket(monkeypatch) as s3:
        etag = put(s3, PART, part_of(1), Metadata={"events": "1"})
        put(s3, layout.moved_key(PART, LATE), part_of(1), Metadata={"events": "1"})
        merged((PART, etag))
        refuse(s3, "CopyObject", "AccessDenied", 403)
        late = restore(BUCKET, WHERE.event_type, [WHERE.start])
        assert (late.parts, late.restored) == (1, {PART: etag})
        remove_landed(BUCKET, late.restored)
        assert (keys(s3, "late/"), keys(s3, f"{PARTS}/")) == ([], [PART])
