"""A rejected record keeps its bytes, under a key that follows from where it came from."""

from dataclasses import replace
from io import BytesIO

import fastavro
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pipeline.examples import NOON_US
from wavetank.pipeline.core.quarantine import files
from wavetank.pipeline.records import Origin, Reason, Rejected, Rejection, Stage

DAY_US = 24 * 3_600_000_000


def rejected(position: str, reason: Reason = Reason.UNDECODABLE, arrived_us: int = NOON_US) -> Rejected:
    origin = Origin("arn:stream", position, "key", arrived_us)
    return Rejected(Rejection(reason, "why"), Stage.PROCESS, f"bytes {position}".encode(), origin)


def test_the_original_bytes_and_where_they_came_from_are_kept() -> None:
    ((_, data),) = files("ping", [rejected("7")]).items()
    (row,) = fastavro.reader(BytesIO(data))
    assert isinstance(row, dict)
    assert row["payload"] == b"bytes 7"
    assert (row["event_type"], row["reason"], row["message"], row["stage"]) == ("ping", "undecodable", "why", "process")
    assert (row["source"], row["position"], row["partition_key"]) == ("arn:stream", "7", "key")


def test_there_is_one_file_for_each_reason_and_day() -> None:
    records = [
        rejected("1"),
        rejected("2"),
        rejected("3", Reason.BAD_FRAME),
        rejected("4", arrived_us=NOON_US + DAY_US),
    ]
    folders = {key.rsplit("/", 1)[0] for key in files("ping", records)}
    assert folders == {
        "quarantine/event=ping/reason=undecodable/date=2019-11-24",
        "quarantine/event=ping/reason=bad-frame/date=2019-11-24",
        "quarantine/event=ping/reason=undecodable/date=2019-11-25",
    }


def test_the_same_records_give_the_same_key_and_bytes_and_others_do_not() -> None:
    assert files("ping", [rejected("1")]) == files("ping", [rejected("1")])
    assert set(files("ping", [rejected("1")])) != set(files("ping", [rejected("2")]))


def test_a_long_message_is_cut_and_the_bytes_are_whole() -> None:
    record = rejected("7")
    long = replace(record, rejection=Rejection(Reason.UNDECODABLE, "é" * 5_000), payload=b"x" * 5_000)
    ((_, data),) = files("ping", [long]).items()
    (row,) = fastavro.reader(BytesIO(data))
    assert isinstance(row, dict)
    assert (row["message"], row["payload"]) == ("é" * 1_000, b"x" * 5_000)


def test_nothing_rejected_writes_nothing() -> None:
    assert files("ping", []) == {}


@given(st.lists(st.integers(0, 9), min_size=1, unique=True), st.lists(st.integers(0, 9), min_size=1, unique=True))
def test_two_sets_of_records_have_one_name_only_where_they_are_the_same(some: list[int], others: list[int]) -> None:
    names = [set(files("ping", [rejected(str(number)) for number in numbers])) for numbers in (some, others)]
    assert (names[0] == names[1]) is (some == others)
