"""The emulator for other projects' tests."""

from wavetank.emulator.container import WaveTankContainer


def test_three_lines_are_enough() -> None:
    with WaveTankContainer() as emulator:
        emulator.client("s3").create_bucket(Bucket="mine")
        assert [bucket["Name"] for bucket in emulator.client("s3").list_buckets()["Buckets"]] == ["mine"]
