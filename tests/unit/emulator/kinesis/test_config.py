import pytest

from wavetank.emulator.kinesis.config import KinesisConfig, available_memory


def test_without_variables_limits_are_off_and_half_the_memory_may_be_used() -> None:
    config = KinesisConfig.from_environment({})
    assert 0 < config.max_bytes == available_memory() // 2
    assert (config.shard_quota, config.on_demand_quota) == (20_000, 50)


def test_variables_set_what_they_name() -> None:
    config = KinesisConfig.from_environment(
        {
            "WAVETANK_KINESIS_MAX_BYTES": "1000",
            "KINESIS_SHARD_LIMIT": "7",
            "KINESIS_ON_DEMAND_STREAM_COUNT_LIMIT": "3",
        }
    )
    assert config == KinesisConfig(max_bytes=1000, shard_quota=7, on_demand_quota=3)


def test_a_number_that_is_not_one_is_refused() -> None:
    with pytest.raises(ValueError, match="lots"):
        KinesisConfig.from_environment({"WAVETANK_KINESIS_MAX_BYTES": "lots"})
