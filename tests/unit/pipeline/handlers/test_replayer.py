"""The replayer looks at the chunks of every event type, whatever else is in the bucket."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.pipeline.store import BUCKET, data_bucket, put
from wavetank.pipeline.aws import calls
from wavetank.pipeline.handlers import replayer


@pytest.mark.parametrize(("catch_up", "seen"), [("0", 1), ("40", 2)])
def test_in_an_outage_chunks_of_older_hours_are_announced_as_well(
    monkeypatch: pytest.MonkeyPatch, catch_up: str, seen: int
) -> None:
    with data_bucket(monkeypatch) as s3:
        topic = calls.sns().create_topic(Name="chunks")["TopicArn"]
        for name, value in (("DATA_BUCKET", BUCKET), ("CHUNK_TOPIC_ARN", topic), ("LOOK_BACK_HOURS", "12")):
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("CATCH_UP_HOURS", catch_up)
        monkeypatch.setenv("CHUNK_GRACE_MINUTES", "10")
        tick = datetime.now(UTC) + timedelta(hours=1)
        for hours in (2, 36, 48):
            put(s3, f"chunks/click/{tick - timedelta(hours=hours):%Y/%m/%d/%H}/a")
        assert replayer.handle({"time": tick.isoformat()}, None)["replayed"] == seen


def test_a_chunk_behind_the_window_keeps_none_of_another_event_type_from_being_announced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with data_bucket(monkeypatch) as s3:
        topic = calls.sns().create_topic(Name="chunks")["TopicArn"]
        for name, value in (("DATA_BUCKET", BUCKET), ("CHUNK_TOPIC_ARN", topic)):
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("LOOK_BACK_HOURS", "12")
        monkeypatch.setenv("CATCH_UP_HOURS", "0")
        monkeypatch.setenv("CHUNK_GRACE_MINUTES", "10")
        tick = datetime.now(UTC) + timedelta(hours=1)
        inside, behind = (f"{tick + timedelta(hours=hours):%Y/%m/%d/%H}" for hours in (-2, 2))
        for key in (f"click/{inside}/a", f"click/{behind}/b", f"impression/{inside}/c", f"impression/{behind}/d"):
            put(s3, f"chunks/{key}")
        assert replayer.handle({"time": tick.isoformat()}, None) == {"seen": 2, "replayed": 2}
