"""The buffer: sealed by size or by interval, nothing lost, nothing reordered."""

from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.firehose.core.buffer import Buffer, Chunk, Entry, Hints

NOON = 1_000_000.0


def entry(data: bytes, arrival: float = NOON) -> Entry:
    return Entry(data, arrival)


def test_an_empty_buffer_is_never_due_and_seals_to_nothing() -> None:
    buffer = Buffer(Hints(10, 60))
    assert buffer.due_at is None
    assert buffer.seal() is None
    assert buffer.seal_if_due(NOON + 1e9) is None


def test_the_interval_counts_from_the_first_record_of_the_buffer() -> None:
    buffer = Buffer(Hints(1000, 60))
    buffer.add(entry(b"a"), NOON)
    buffer.add(entry(b"b"), NOON + 59)
    assert buffer.seal_if_due(NOON + 59.9) is None
    chunk = buffer.seal_if_due(NOON + 60)
    assert chunk is not None
    assert [item.data for item in chunk.entries] == [b"a", b"b"]
    buffer.add(entry(b"c"), NOON + 100)
    assert buffer.due_at == NOON + 160


def test_a_buffer_is_sealed_by_the_record_that_fills_it() -> None:
    buffer = Buffer(Hints(4, 60))
    assert buffer.add(entry(b"abc"), NOON) is None
    chunk = buffer.add(entry(b"defgh"), NOON)
    assert chunk is not None
    assert chunk.size == 8
    assert len(buffer) == 0


def test_an_interval_of_zero_is_due_at_once() -> None:
    buffer = Buffer(Hints(1000, 0))
    buffer.add(entry(b"a"), NOON)
    assert buffer.seal_if_due(NOON) is not None


def test_new_hints_apply_to_what_is_held_already() -> None:
    buffer = Buffer(Hints(1000, 900))
    buffer.add(entry(b"a"), NOON)
    buffer.hints = Hints(1000, 60)
    assert buffer.due_at == NOON + 60


def test_a_chunk_is_dated_by_its_oldest_record() -> None:
    chunk = Chunk(1, (entry(b"a", NOON + 5), entry(b"b", NOON + 2), entry(b"c", NOON + 9)), 3)
    assert chunk.oldest == NOON + 2


@given(st.lists(st.binary(max_size=30)), st.integers(1, 64))
def test_every_record_leaves_in_one_chunk_and_in_order(records: list[bytes], size: int) -> None:
    buffer = Buffer(Hints(size, 60))
    sealed = [buffer.add(entry(data), NOON) for data in records] + [buffer.seal()]
    chunks = [chunk for chunk in sealed if chunk is not None]
    assert [item.data for chunk in chunks for item in chunk.entries] == records
    assert all(chunk.size == sum(len(item.data) for item in chunk.entries) for chunk in chunks)
    assert [chunk.number for chunk in chunks] == list(range(1, len(chunks) + 1))
