import itertools

import pytest

from wavetank.emulator.kinesis.model.log import OVERHEAD, SEGMENT, RecordLog

MANY = 3 * SEGMENT + 7
PLENTY = 10**9


def filled(count: int) -> RecordLog:
    log = RecordLog()
    for number in range(1, count + 1):
        log.append(number * 10, f"k{number}", f"d{number}".encode())
    return log


def test_records_come_back_in_order_across_segments() -> None:
    records = filled(MANY).read(1, MANY, PLENTY)
    assert [record.offset for record in records] == list(range(1, MANY + 1))
    assert records[SEGMENT] == (SEGMENT + 1, (SEGMENT + 1) * 10, f"k{SEGMENT + 1}", f"d{SEGMENT + 1}".encode())


@pytest.mark.parametrize("cut", [1, SEGMENT - 1, SEGMENT, SEGMENT + 1, MANY - 1])
def test_trimming_removes_the_oldest_and_moves_nothing_else(cut: int) -> None:
    log = filled(MANY)
    assert log.trim(cut) == cut
    assert [record.offset for record in log.read(0, MANY, PLENTY)] == list(range(cut + 1, MANY + 1))
    assert log.append(PLENTY, "k", b"d") == MANY + 1


def test_a_log_trimmed_empty_goes_on_where_it_was() -> None:
    log = filled(SEGMENT + 3)
    log.trim(PLENTY)
    assert len(log) == 0
    assert log.oldest_ms() is None
    assert log.retained_bytes == 0
    assert log.append(1, "k", b"d") == SEGMENT + 4


def test_the_first_record_at_or_after_a_time_is_found_at_any_depth() -> None:
    log = filled(MANY)
    log.trim(SEGMENT + 1)
    expected = {0: SEGMENT + 2, MANY * 10: MANY, MANY * 10 + 1: MANY + 1, 15_001: 1_501, 15_000: 1_500}
    assert {time: log.first_at_or_after(time) for time in expected} == expected


def test_trimming_by_time_keeps_what_arrived_at_that_time() -> None:
    log = filled(100)
    assert log.trim_before(500) == 49
    assert log.oldest_ms() == 500
    assert log.trim_before(500) == 0


def test_arrival_times_never_go_back() -> None:
    log = RecordLog()
    for time in (5, 3, 9, 1):
        log.append(time, "k", b"")
    assert [record.arrived_ms for record in log.read(1, 9, PLENTY)] == [5, 5, 9, 9]
    log.trim(4)
    log.append(2, "k", b"")
    assert log.oldest_ms() == 9


def test_a_read_stops_before_the_byte_limit_but_gives_at_least_one_record() -> None:
    log = RecordLog()
    for _ in range(5):
        log.append(0, "", b"x" * 100)
    assert [len(log.read(1, 10, limit)) for limit in (0, 99, 100, 199, 250, 500)] == [1, 1, 1, 1, 2, 5]


def test_retained_bytes_count_data_keys_and_overhead() -> None:
    log = filled(9)
    assert log.retained_bytes == 9 * (len("k1") + len("d1") + OVERHEAD)
    log.trim(4)
    assert log.retained_bytes == 5 * (len("k1") + len("d1") + OVERHEAD)


def test_the_estimate_of_overhead_is_not_less_than_what_a_record_takes() -> None:
    import tracemalloc

    keys = itertools.count(10**9)
    tracemalloc.start()
    try:
        log = RecordLog()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(20 * SEGMENT):
            log.append(next(keys), str(next(keys)), bytes(300))
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert taken <= log.retained_bytes
    assert taken / (20 * SEGMENT) <= 300 + 400
