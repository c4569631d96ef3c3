"""A KPL aggregate gives back each user record; anything else is the record it is."""

from base64 import b64encode
from hashlib import md5
from io import BytesIO

import fastavro
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wavetank.pipeline.core import quarantine
from wavetank.pipeline.core.deaggregate import MAGIC, UserRecord, deaggregate
from wavetank.pipeline.handlers.processor import arrivals
from wavetank.pipeline.records import Reason, Rejected, Rejection, Stage


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def delimited(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def aggregate(records: list[UserRecord]) -> bytes:
    """An aggregate as the KPL would send it, written from the format's description."""
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


def sealed(message: bytes) -> bytes:
    return MAGIC + message + md5(message, usedforsecurity=False).digest()


RECORD = delimited(3, varint(1 << 3) + varint(0) + delimited(3, b"data"))
HASHED = delimited(3, varint(1 << 3) + varint(0) + varint(2 << 3) + varint(0) + delimited(3, b"data"))
LARGEST_HASH = str(2**128 - 1).encode()


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(delimited(1, b"k" * 256) + RECORD, id="a key as long as may be"),
        pytest.param(delimited(1, "\N{WATER WAVE}".encode() * 256) + RECORD, id="characters, not bytes"),
        pytest.param(delimited(1, b"key") + delimited(2, LARGEST_HASH) + HASHED, id="the largest hash"),
        pytest.param(delimited(1, b"key") + delimited(2, b"0") + HASHED, id="the smallest hash"),
    ],
)
def test_what_kinesis_takes_for_a_key_may_be_in_an_aggregate(message: bytes) -> None:
    assert [user.data for user in deaggregate(sealed(message), "outer")] == [b"data"]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(delimited(1, b"k" * 257) + RECORD, id="a key too long"),
        pytest.param(delimited(1, b"key") + delimited(1, b"k" * 257) + RECORD, id="a key too long that none has"),
        pytest.param(delimited(1, b"") + RECORD, id="a key without a character"),
        pytest.param(delimited(1, b"key") + delimited(2, b"1" * 5000) + HASHED, id="a hash of many digits"),
        pytest.param(delimited(1, b"key") + delimited(2, str(2**128).encode()) + HASHED, id="a hash too large"),
        pytest.param(delimited(1, b"key") + delimited(2, b"007") + HASHED, id="a hash with zeros in front"),
        pytest.param(delimited(1, b"key") + delimited(2, "٣".encode()) + HASHED, id="a hash in other digits"),
        pytest.param(delimited(1, b"key") + HASHED, id="a hash that is not there"),
        pytest.param(delimited(1, b"key") + delimited(3, delimited(3, b"data")), id="a record without a key"),
        pytest.param(delimited(1, b"key") + delimited(3, varint(1 << 3) + varint(0)), id="a record without data"),
        pytest.param(delimited(1, b"key"), id="no record"),
    ],
)
def test_an_aggregate_that_breaks_a_rule_is_one_record_with_all_its_bytes(message: bytes) -> None:
    assert deaggregate(sealed(message), "outer") == [UserRecord("outer", sealed(message))]


KEYS = st.one_of(st.text(max_size=300), st.integers(0, 40).map(lambda n: "k" * n * 100))
INDICES = st.integers(0, 3)
MESSAGES = st.lists(
    st.one_of(
        KEYS.map(lambda key: delimited(1, key.encode())),
        st.tuples(INDICES, st.binary(max_size=40)).map(
            lambda record: delimited(3, varint(1 << 3) + varint(record[0]) + delimited(3, record[1]))
        ),
    ),
    max_size=30,
).map(b"".join)
MOST_OF_A_ROW = 2048
"""Bytes of a row in quarantine beside the record's own: the key's at most 256 characters, the reason, where it was."""


@given(MESSAGES)
@example(delimited(1, b"k" * 100_000) + delimited(3, varint(1 << 3) + varint(0) + delimited(3, b"")) * 400)
def test_what_is_set_aside_of_a_record_is_bounded_by_its_size(message: bytes) -> None:
    data = sealed(message)
    record = {
        "eventSourceARN": "arn:aws:kinesis:us-east-1:000000000000:stream/wavetank-ping-raw",
        "kinesis": {
            "data": b64encode(data).decode(),
            "partitionKey": "outer",
            "sequenceNumber": "4" * 56,
            "approximateArrivalTimestamp": 1.0,
        },
    }
    came = list(arrivals([record]))
    rejection = Rejection(Reason.UNDECODABLE, "why" * 10_000)
    files = quarantine.files("ping", [Rejected(rejection, Stage.PROCESS, user.payload, user.origin) for user in came])
    rows = [row for file in files.values() for row in fastavro.reader(BytesIO(file)) if isinstance(row, dict)]
    size = sum(len(str(value)) for row in rows for name, value in row.items() if name != "payload")
    assert sum(len(row["payload"]) for row in rows) <= len(data)
    assert len(rows) <= len(data) // 4
    assert size <= MOST_OF_A_ROW * len(rows)
