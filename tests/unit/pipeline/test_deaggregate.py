"""A KPL aggregate gives back each user record; anything else is the record it is."""

from hashlib import md5

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.deaggregate import MAGIC, UserRecord, deaggregate


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def delimited(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def aggregate(records: list[UserRecord]) -> bytes:
    """What the KPL would send, written from the format's description."""
    keys = sorted({record.partition_key for record in records})
    message = b"".join(delimited(1, key.encode()) for key in keys)
    for record in records:
        packed = varint(1 << 3) + varint(keys.index(record.partition_key)) + delimited(3, record.data)
        message += delimited(3, packed)
    return MAGIC + message + md5(message, usedforsecurity=False).digest()


USER_RECORDS = st.lists(st.builds(UserRecord, st.text(min_size=1, max_size=9), st.binary(max_size=300)), min_size=1)


@given(USER_RECORDS)
def test_an_aggregate_gives_back_its_user_records_in_order(records: list[UserRecord]) -> None:
    assert deaggregate(aggregate(records), "outer") == records


@given(st.binary(max_size=100))
def test_any_other_bytes_are_one_record(data: bytes) -> None:
    assert deaggregate(data, "key") == [UserRecord("key", data)]


@given(USER_RECORDS, st.data())
def test_a_damaged_aggregate_is_one_record_with_all_its_bytes(records: list[UserRecord], data: st.DataObject) -> None:
    damaged = bytearray(aggregate(records))
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= 0x01
    assert deaggregate(bytes(damaged), "key") == [UserRecord("key", bytes(damaged))]


@given(st.binary(max_size=60))
def test_an_aggregate_whose_message_is_nonsense_does_not_raise(message: bytes) -> None:
    data = MAGIC + message + md5(message, usedforsecurity=False).digest()
    assert all(isinstance(record, UserRecord) for record in deaggregate(data, "key"))
