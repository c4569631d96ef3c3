"""Every record is put, in calls that Kinesis takes."""

from hypothesis import given
from hypothesis import strategies as st

from wavetank.pipeline.aws.put_records import MAX_BYTES, MAX_RECORDS, again, batches
from wavetank.pipeline.records import Entry

SIZES = st.lists(st.integers(0, 1024 * 1024 - 300), max_size=30)


@given(SIZES)
def test_batches_hold_every_entry_in_order_within_the_limits(sizes: list[int]) -> None:
    entries = [Entry(f"k{number}", bytes(size)) for number, size in enumerate(sizes)]
    cut = list(batches(entries))
    assert [entry for batch in cut for entry in batch] == entries
    for batch in cut:
        assert 0 < len(batch) <= MAX_RECORDS
        assert sum(entry.size for entry in batch) <= MAX_BYTES


def test_a_batch_has_at_most_500_records() -> None:
    assert [len(batch) for batch in batches([Entry("k", b"")] * 1100)] == [500, 500, 100]


@given(st.integers(0, 30), st.integers(1, 10))
def test_a_batch_has_no_more_records_than_are_asked_for(count: int, at_once: int) -> None:
    entries = [Entry(f"k{number}", b"") for number in range(count)]
    cut = list(batches(entries, at_once))
    assert [entry for batch in cut for entry in batch] == entries
    assert [len(batch) for batch in cut[:-1]] == [at_once] * (len(cut) - 1)
    assert all(0 < len(batch) <= at_once for batch in cut)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30))
def test_what_is_put_again_after_refusals_leaves_the_last_copies_of_each_key_in_order(
    answers: list[tuple[str, bool]],
) -> None:
    entries = [Entry(key, bytes([number])) for number, (key, _) in enumerate(answers)]
    refused = [is_refused for _, is_refused in answers]
    later = again(entries, refused)
    taken = [entry for entry, is_refused in zip(entries, refused, strict=True) if not is_refused]
    for key in "abc":
        last = list(reversed(dict.fromkeys(entry for entry in reversed([*taken, *later]) if entry.key == key)))
        assert last == [entry for entry in entries if entry.key == key]


def test_nothing_is_put_again_of_keys_that_were_taken() -> None:
    entries = [Entry("a", b"1"), Entry("b", b"2"), Entry("a", b"3"), Entry("b", b"4")]
    assert again(entries, [False, False, True, False]) == [entries[2]]
    assert again(entries, [False, True, False, False]) == [entries[1], entries[3]]


def test_a_long_id_is_cut_to_a_key_that_kinesis_takes() -> None:
    assert len(Entry("x" * 999, b"").partition_key) == 256


def test_the_size_of_an_entry_counts_its_key_as_kinesis_does() -> None:
    assert Entry("é", b"1234").size == 6
