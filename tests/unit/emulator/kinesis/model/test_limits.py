from wavetank.emulator.kinesis.model.limits import BYTES_IN, RECORDS_IN, ShardThroughput

NOW = 1_700_000_000_000
MIB = 1024 * 1024


def test_a_shard_takes_a_thousand_records_in_any_second() -> None:
    shard = ShardThroughput()
    taken = sum(shard.admit_write(1, NOW + number // 4) for number in range(1_200))
    assert taken == RECORDS_IN
    assert not shard.admit_write(1, NOW + 999)
    assert [shard.admit_write(1, NOW + 1000) for _ in range(5)] == [True] * 4 + [False]


def test_a_shard_takes_a_mebibyte_in_any_second() -> None:
    shard = ShardThroughput()
    assert [shard.admit_write(BYTES_IN // 4, NOW) for _ in range(5)] == [True] * 4 + [False]
    assert shard.admit_write(BYTES_IN // 4, NOW + 1000)


def test_a_small_record_may_still_fit_where_a_large_one_does_not() -> None:
    shard = ShardThroughput()
    assert shard.admit_write(BYTES_IN - 10, NOW)
    assert [shard.admit_write(size, NOW) for size in (11, 10, 1)] == [False, True, False]


def test_a_record_over_the_limit_by_itself_fits_a_second_in_which_nothing_came() -> None:
    shard = ShardThroughput()
    assert shard.admit_write(5 * MIB, NOW)
    assert not shard.admit_write(1, NOW + 999)
    assert shard.admit_write(1, NOW + 1000)


def read(shard: ShardThroughput, size: int, now: int) -> bool:
    if not shard.admit_read(now):
        return False
    shard.count_read(size, now)
    return True


def test_a_shard_is_read_five_times_in_any_second() -> None:
    shard = ShardThroughput()
    assert [read(shard, 1, NOW + 100 * number) for number in range(12)] == [True] * 5 + [False] * 5 + [True] * 2


def test_a_shard_gives_two_mebibytes_in_any_second() -> None:
    shard = ShardThroughput()
    assert [read(shard, MIB, NOW + number) for number in range(3)] == [True, True, False]
    assert read(shard, MIB, NOW + 1000)


def test_a_read_of_ten_mebibytes_is_paid_for_by_the_next_five_seconds() -> None:
    shard = ShardThroughput()
    assert read(shard, 10 * MIB, NOW)
    assert not shard.admit_read(NOW + 4999)
    assert shard.admit_read(NOW + 5000)
