"""An id index that somebody else has written meanwhile stands, and one that is refreshed forgets no id."""

import pytest

from tests.unit.pipeline.examples import PING
from tests.unit.pipeline.store import BUCKET, WHERE, data_bucket, part_of, put
from wavetank.pipeline import layout
from wavetank.pipeline.aws import partitions
from wavetank.pipeline.aws.partitions import IndexMetadata, StoredIndex
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.files.id_index import IdIndex

KNOWS_MORE = IdIndex({"parts/a": "1", "parts/b": "2"}, Digests.of([b"a", b"b"]))
KNOWS_LESS = IdIndex({"parts/a": "1"}, Digests.of([b"a"]))


@pytest.mark.parametrize("is_there_before", [False, True])
def test_of_two_who_write_an_index_the_first_one_stands(
    monkeypatch: pytest.MonkeyPatch, *, is_there_before: bool
) -> None:
    with data_bucket(monkeypatch):
        if is_there_before:
            empty = partitions.stored_index(BUCKET, WHERE)
            partitions.save_index(BUCKET, WHERE, empty, IndexMetadata("nothing", "nothing"))
        slow, quick = (partitions.stored_index(BUCKET, WHERE) for _ in range(2))
        partitions.save_index(BUCKET, WHERE, StoredIndex(KNOWS_MORE, quick.state), IndexMetadata("both", "both"))
        partitions.save_index(BUCKET, WHERE, StoredIndex(KNOWS_LESS, slow.state), IndexMetadata("one", "one"))
        stored = partitions.stored_index(BUCKET, WHERE)
        assert (stored.index.inputs, stored.listed) == (KNOWS_MORE.inputs, "both")


def test_the_ids_of_parts_that_have_expired_are_in_a_refreshed_index(monkeypatch: pytest.MonkeyPatch) -> None:
    with data_bucket(monkeypatch) as s3:
        expired, arrived = (layout.part_key(WHERE, chunk) for chunk in ("expired", "arrived"))
        merged = IdIndex({expired: '"etag"'}, Digests.of([b"id-1"]))
        partitions.save_index(BUCKET, WHERE, StoredIndex(merged), IndexMetadata("before", "before"))
        put(s3, arrived, part_of(2))
        refreshed = partitions.refreshed_index(BUCKET, WHERE, "now", PING)
        assert Digests.of([b"id-1", b"id-2"]).within(refreshed.index.digests).all()
