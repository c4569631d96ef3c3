"""What the rules of a bucket have expire is gone on the emulator's clock, once the life cycle is switched on."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

DAY_S = 86_400
TAG = {"Key": "done", "Value": "yes"}
TAGGED = {"And": {"Prefix": "logs/", "Tags": [TAG]}}


@pytest.fixture
def bucket(stack: EmbeddedStack) -> Iterator[str]:
    """A bucket of this test's own, in a stack whose life cycle is on; emptied and deleted after it."""
    s3, name = stack.client("s3"), f"aging-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    stack.control.switch_life_cycle(on=True)
    yield name
    stack.control.switch_life_cycle(on=False)
    s3.delete_bucket_lifecycle(Bucket=name)
    listed = s3.list_object_versions(Bucket=name)
    for entry in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=name, Key=entry["Key"], VersionId=entry["VersionId"])
    s3.delete_bucket(Bucket=name)


def rules(stack: EmbeddedStack, bucket: str, *given: dict[str, Any]) -> None:
    named = [{"ID": f"r{number}", "Status": "Enabled", "Filter": {}, **rule} for number, rule in enumerate(given)]
    stack.client("s3").put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": named})


def put(stack: EmbeddedStack, bucket: str, *keys: str, **more: Any) -> None:
    for key in keys:
        stack.client("s3").put_object(Bucket=bucket, Key=key, Body=b"x", **more)


def pass_days(stack: EmbeddedStack, days: float) -> None:
    stack.control.advance_clock(days * DAY_S)
    stack.settle()


def keys(stack: EmbeddedStack, bucket: str) -> list[str]:
    return [entry["Key"] for entry in stack.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def until_midnight(stack: EmbeddedStack) -> float:
    """Days until the next midnight UTC, by the emulator's clock."""
    return 1 - stack.control.now() % DAY_S / DAY_S


MINUTE = 1 / 1440


def test_an_object_goes_at_the_midnight_after_its_days_and_not_a_minute_before(
    stack: EmbeddedStack, bucket: str
) -> None:
    rules(stack, bucket, {"Expiration": {"Days": 2}})
    put(stack, bucket, "a")
    pass_days(stack, until_midnight(stack) + 2 - MINUTE)
    assert keys(stack, bucket) == ["a"]
    pass_days(stack, 2 * MINUTE)
    assert keys(stack, bucket) == []
    with pytest.raises(ClientError, match="NoSuchKey"):
        stack.client("s3").get_object(Bucket=bucket, Key="a")


def test_only_what_has_the_prefix_and_the_tag_goes_and_its_tags_with_it(stack: EmbeddedStack, bucket: str) -> None:
    rules(stack, bucket, {"Filter": TAGGED, "Expiration": {"Days": 1}})
    put(stack, bucket, "logs/done", "data/done", Tagging="done=yes")
    put(stack, bucket, "logs/new")
    put(stack, bucket, "logs/other", Tagging="done=no")
    pass_days(stack, 3)
    assert keys(stack, bucket) == ["data/done", "logs/new", "logs/other"]
    put(stack, bucket, "logs/done")
    assert stack.client("s3").get_object_tagging(Bucket=bucket, Key="logs/done")["TagSet"] == []


def test_a_tag_that_comes_late_lets_an_object_go_by_its_age(stack: EmbeddedStack, bucket: str) -> None:
    rules(stack, bucket, {"Filter": {"Tag": TAG}, "Expiration": {"Days": 2}})
    put(stack, bucket, "a")
    pass_days(stack, 9)
    stack.client("s3").put_object_tagging(Bucket=bucket, Key="a", Tagging={"TagSet": [TAG]})
    assert keys(stack, bucket) == ["a"]
    pass_days(stack, 1)
    assert keys(stack, bucket) == []


def test_an_object_that_is_overwritten_is_new(stack: EmbeddedStack, bucket: str) -> None:
    rules(stack, bucket, {"Expiration": {"Days": 3}})
    put(stack, bucket, "a")
    pass_days(stack, 2)
    put(stack, bucket, "a")
    pass_days(stack, 2.9)
    assert keys(stack, bucket) == ["a"]
    pass_days(stack, 1.2)
    assert keys(stack, bucket) == []


def test_nothing_goes_while_the_life_cycle_is_off_and_all_that_is_over_when_it_is_on_again(
    stack: EmbeddedStack, bucket: str
) -> None:
    rules(stack, bucket, {"Expiration": {"Days": 1}})
    put(stack, bucket, "a")
    stack.control.switch_life_cycle(on=False)
    pass_days(stack, 5)
    assert keys(stack, bucket) == ["a"]
    stack.control.switch_life_cycle(on=True)
    stack.settle()
    assert keys(stack, bucket) == []


def test_with_versions_an_object_goes_behind_a_marker_then_its_versions_go_then_the_marker(
    stack: EmbeddedStack, bucket: str
) -> None:
    s3 = stack.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    rules(
        stack,
        bucket,
        {"Expiration": {"Days": 2}},
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 3}},
    )
    put(stack, bucket, "a")

    def there() -> tuple[int, int]:
        listed = s3.list_object_versions(Bucket=bucket)
        return len(listed.get("Versions", [])), len(listed.get("DeleteMarkers", []))

    pass_days(stack, 3.01)
    assert (keys(stack, bucket), there()) == ([], (1, 1))
    pass_days(stack, 4.01)
    assert there() in ((0, 1), (0, 0))
    pass_days(stack, 3)
    assert there() == (0, 0)


def test_the_newest_old_versions_are_kept(stack: EmbeddedStack, bucket: str) -> None:
    s3 = stack.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    rules(stack, bucket, {"NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 1}})
    versions = [s3.put_object(Bucket=bucket, Key="a", Body=b"x")["VersionId"] for _ in range(4)]
    pass_days(stack, 10)
    listed = [entry["VersionId"] for entry in s3.list_object_versions(Bucket=bucket)["Versions"]]
    assert listed == [versions[3], versions[2]]


def test_an_upload_that_nobody_finishes_is_aborted(stack: EmbeddedStack, bucket: str) -> None:
    s3 = stack.client("s3")
    rules(stack, bucket, {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="a")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="a", UploadId=upload, PartNumber=1, Body=b"x")
    pass_days(stack, 1.5)
    assert len(s3.list_multipart_uploads(Bucket=bucket)["Uploads"]) == 1
    pass_days(stack, 2)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    with pytest.raises(ClientError, match="NoSuchUpload"):
        s3.upload_part(Bucket=bucket, Key="a", UploadId=upload, PartNumber=2, Body=b"x")


def test_an_object_says_when_it_goes_by_its_tags_and_the_rules_as_they_are(stack: EmbeddedStack, bucket: str) -> None:
    s3 = stack.client("s3")
    rules(stack, bucket, {"Filter": {"Tag": TAG}, "Expiration": {"Days": 1}})
    put(stack, bucket, "a")
    assert "Expiration" not in s3.head_object(Bucket=bucket, Key="a")
    s3.put_object_tagging(Bucket=bucket, Key="a", Tagging={"TagSet": [TAG]})
    written = s3.head_object(Bucket=bucket, Key="a")["LastModified"]
    midnight = written.replace(hour=0, minute=0, second=0) + timedelta(days=2)
    told = f'expiry-date="{midnight:%a, %d %b %Y %H:%M:%S} GMT", rule-id="r0"'
    assert s3.head_object(Bucket=bucket, Key="a")["Expiration"] == told
    rules(stack, bucket, {"Status": "Disabled", "Expiration": {"Days": 1}})
    assert "Expiration" not in s3.get_object(Bucket=bucket, Key="a")


def test_objects_are_dated_by_the_emulators_clock(stack: EmbeddedStack, bucket: str) -> None:
    s3 = stack.client("s3")
    stack.control.advance_clock(7 * DAY_S)
    before = datetime.fromtimestamp(int(stack.control.now()), UTC)
    put(stack, bucket, "a")
    written = s3.list_objects_v2(Bucket=bucket)["Contents"][0]["LastModified"]
    assert before <= written <= datetime.fromtimestamp(stack.control.now(), UTC)
    assert s3.head_object(Bucket=bucket, Key="a")["LastModified"] == written
    with pytest.raises(ClientError, match="304"):
        s3.get_object(Bucket=bucket, Key="a", IfModifiedSince=written)


def test_the_switch_takes_a_truth_value_and_nothing_else(stack: EmbeddedStack) -> None:
    from wavetank.emulator.errors import ControlRefused

    with pytest.raises(ControlRefused, match="the life cycle takes"):
        stack.control._object("POST", "/life-cycle", body={"on": 1})
