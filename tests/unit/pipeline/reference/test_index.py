"""Every record is enriched with one snapshot, whoever processes it and whenever."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.pipeline.reference.index import DELAY_US, PUBLISH_US, REFRESH_US, SKEW_US, Index, NoSnapshot, is_fresh

TIMES = st.integers(0, 10_000_000_000)
PUBLICATIONS = st.lists(st.tuples(TIMES, st.sampled_from("abc")), max_size=20).map(sorted)


def published(times: list[tuple[int, str]]) -> Index:
    index = Index()
    for decided_us, digest in times:
        index = index.with_snapshot(digest, decided_us)
    return index


@given(PUBLICATIONS, TIMES, TIMES, st.integers(0, PUBLISH_US), st.integers(0, SKEW_US))
def test_who_goes_by_a_fresh_copy_of_the_index_uses_the_entry_that_all_later_readers_use(
    times: list[tuple[int, str]], read_us: int, arrived_us: int, took_us: int, skew_us: int
) -> None:
    """What was visible at `read_us`: what was decided long enough before for its writing to have ended."""
    visible = published([each for each in times if each[0] + took_us <= read_us + skew_us])
    if not is_fresh(read_us, arrived_us) or not visible.entries:
        return
    assert visible.as_of(arrived_us, "r") == published(times).as_of(arrived_us, "r")


@given(PUBLICATIONS)
def test_an_entry_takes_effect_after_all_copies_of_the_index_without_it_are_too_old(
    times: list[tuple[int, str]],
) -> None:
    index = Index()
    for decided_us, digest in times:
        before, index = index, index.with_snapshot(digest, decided_us)
        if before.entries and index is not before:
            assert index.entries[-1].from_us >= decided_us + DELAY_US
            assert DELAY_US >= PUBLISH_US + REFRESH_US + SKEW_US


@given(PUBLICATIONS)
def test_an_index_grows_at_its_end_alone_and_not_by_the_same_snapshot(times: list[tuple[int, str]]) -> None:
    index = Index()
    for decided_us, digest in times:
        before, index = index, index.with_snapshot(digest, decided_us)
        assert index.entries[: len(before.entries)] == before.entries
        assert index.newest is not None
        assert index.newest.digest == digest
    digests = [entry.digest for entry in index.entries]
    assert all(a != b for a, b in pairwise(digests))


@given(PUBLICATIONS, TIMES, TIMES)
def test_a_pruned_index_answers_the_same_for_what_arrived_since(
    times: list[tuple[int, str]], before_us: int, later_us: int
) -> None:
    index = published(times)
    if not index.entries:
        return
    assert index.pruned(before_us).as_of(before_us + later_us, "r") == index.as_of(before_us + later_us, "r")


def test_before_the_first_snapshot_there_is_none_and_it_is_in_effect_for_all_that_waited() -> None:
    with pytest.raises(NoSnapshot, match="campaigns"):
        Index().as_of(5, "campaigns")
    assert Index().with_snapshot("a", 1_000).as_of(0, "campaigns").digest == "a"


@given(PUBLICATIONS)
def test_an_index_is_read_as_it_was_written(times: list[tuple[int, str]]) -> None:
    assert Index.from_json(published(times).to_json()) == published(times)
