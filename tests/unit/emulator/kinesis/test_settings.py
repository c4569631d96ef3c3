import pytest

from wavetank.emulator.kinesis.errors import InvalidArgument
from wavetank.emulator.kinesis.settings import ShardMetric, StreamSettings, shard_metrics


def test_retention_goes_up_and_down() -> None:
    settings = StreamSettings()
    settings.increase_retention(8760, "s")
    settings.decrease_retention(24, "s")
    assert settings.retention_hours == 24


@pytest.mark.parametrize(
    ("change", "hours", "message"),
    [
        ("increase_retention", 8761, r"Maximum allowed retention period is 8760 hours. Requested .*8761 hours"),
        ("increase_retention", 23, r"Minimum allowed retention period is 24 hours"),
        (
            "increase_retention",
            47,
            r"47 hours\) for stream s can not be shorter than existing retention period \(48 hours\)",
        ),
        ("decrease_retention", 23, r"Minimum allowed retention period is 24 hours"),
        ("decrease_retention", 49, r"can not be longer than existing retention period \(48 hours\)"),
    ],
)
def test_retention_out_of_its_range_or_in_the_wrong_direction_is_refused(change: str, hours: int, message: str) -> None:
    settings = StreamSettings(retention_hours=48)
    with pytest.raises(InvalidArgument, match=message):
        getattr(settings, change)(hours, "s")
    assert settings.retention_hours == 48


def test_all_means_every_shard_metric() -> None:
    assert shard_metrics(["ALL"]) == frozenset(ShardMetric)
    assert shard_metrics(["IncomingBytes"]) == {ShardMetric.INCOMING_BYTES}
