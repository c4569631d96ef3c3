"""Object keys, by the examples of the developer guide and its rules."""

import re
from datetime import UTC, datetime
from random import Random

import pytest

from wavetank.emulator.firehose.core.keys import ErrorOutput, KeyLayout, PrefixError

AT = datetime(2018, 8, 27, 10, 30, tzinfo=UTC).timestamp()
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
FAILED = ErrorOutput.PROCESSING_FAILED


def prefix_of(layout: KeyLayout) -> str:
    return layout.key("s", 1, AT, Random(1)).rsplit("s-1-2018", 1)[0]


def error_prefix_of(layout: KeyLayout) -> str:
    return layout.error_key("s", 1, AT, FAILED, Random(1)).rsplit("s-1-2018", 1)[0]


def test_a_key_has_prefix_hour_folders_and_aws_object_name() -> None:
    key = KeyLayout("chunks/click/").key("wavetank-click", 3, AT, Random(1))
    assert re.fullmatch(rf"chunks/click/2018/08/27/10/wavetank-click-3-2018-08-27-10-30-00-{UUID}", key)


def test_two_keys_of_one_instant_differ() -> None:
    rng = Random(1)
    assert KeyLayout().key("s", 1, AT, rng) != KeyLayout().key("s", 1, AT, rng)


@pytest.mark.parametrize(
    ("prefix", "evaluated"),
    [
        ("", "2018/08/27/10/"),
        ("plain", "plain2018/08/27/10/"),
        ("year=!{timestamp:yyyy}/day=!{timestamp:dd}/", "year=2018/day=27/"),
        ("!{timestamp:yyyy'-'MM'-'dd}/", "2018-08-27/"),
    ],
)
def test_a_prefix_is_evaluated(prefix: str, evaluated: str) -> None:
    assert prefix_of(KeyLayout(prefix, "e/!{firehose:error-output-type}/")) == evaluated


def test_a_prefix_without_timestamp_gets_hour_folders_after_its_expressions() -> None:
    layout = KeyLayout("rand=!{firehose:random-string}/", "e/!{firehose:error-output-type}/")
    assert re.fullmatch(r"rand=[0-9a-f-]{11}/2018/08/27/10/", prefix_of(layout))


@pytest.mark.parametrize(
    ("error_prefix", "evaluated"),
    [
        ("failures/!{firehose:error-output-type}/", "failures/processing-failed/"),
        ("f/!{timestamp:yyyy}/!{firehose:error-output-type}", "f/2018/processing-failed"),
        ("delivery-errors/click/", "delivery-errors/click/processing-failed/2018/08/27/10/"),
    ],
)
def test_an_error_prefix_is_evaluated(error_prefix: str, evaluated: str) -> None:
    assert error_prefix_of(KeyLayout("p/", error_prefix)) == evaluated


def test_failed_records_go_below_a_plain_prefix_where_no_error_prefix_is_set() -> None:
    assert error_prefix_of(KeyLayout("p/")) == "p/processing-failed/2018/08/27/10/"


def test_the_time_zone_moves_folders_and_name() -> None:
    key = KeyLayout(zone="Asia/Tokyo").key("s", 1, AT, Random(1))
    assert key.startswith("2018/08/27/19/s-1-2018-08-27-19-30-00-")


def test_the_extension_ends_the_key() -> None:
    assert KeyLayout(extension=".json.gz").key("s", 1, AT, Random(1)).endswith(".json.gz")


@pytest.mark.parametrize(
    ("prefix", "error_prefix", "rule"),
    [
        ("!{timestamp:yyyy}/", "", "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"),
        ("!{timestamp:yyyy}/", "e/!{timestamp:yyyy}/", "at least one instance of !{firehose:error-output-type}"),
        ("!{firehose:error-output-type}/", "e/", "Prefix cannot contain"),
        ("!{nonsense}/", "e/", "can only appear in"),
        ("!{color:red}/", "e/", "supported: firehose, timestamp"),
        ("!{timestamp:bb}/", "e/", "Unknown pattern letter: b"),
        ("!{firehose:luck}/", "e/", "unsupported value"),
        ("x" * 513, "", "longer than 512"),
    ],
)
def test_a_prefix_that_breaks_a_rule_is_refused(prefix: str, error_prefix: str, rule: str) -> None:
    with pytest.raises(PrefixError, match=re.escape(rule)):
        KeyLayout(prefix, error_prefix)
