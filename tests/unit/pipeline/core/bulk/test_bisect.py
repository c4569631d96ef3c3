"""Records that cannot be merged are found by trial, exactly those; no outage is taken for the data's fault."""

from collections.abc import Callable

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.pipeline.examples import PING, PING_V2, contained, event, schema
from wavetank.pipeline.avro.binary import Malformed
from wavetank.pipeline.core.bulk import bisect
from wavetank.pipeline.core.bulk.batch import Batch
from wavetank.pipeline.core.bulk.values import Bodies
from wavetank.pipeline.core.decode import encode
from wavetank.pipeline.core.files import avro_file, columns, parquet
from wavetank.pipeline.core.files.avro_file import DamagedFile
from wavetank.pipeline.core.route import digest_of
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.errors import SchemaError, ServiceFault
from wavetank.pipeline.records import Reason

PRICED = schema(
    {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}}, version=3
)
Break = Callable[[Callable[[Bodies], bool]], None]


def part(bodies: list[bytes], written: Schema = PING) -> bytes:
    return avro_file.part(written, bodies, [digest_of(b"id-%d" % number) for number in range(len(bodies))])


def body(number: int, label: str = "sound") -> bytes:
    return encode(event(number, label=label), PING)


def ids(batches: list[Batch]) -> list[bytes]:
    return [records.id_at(number) for records in batches for number in range(len(records))]


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> Break:
    """Makes the writer of columns fail for some records, with an error that nobody thought of."""
    whole = columns.table

    def install(is_bad: Callable[[Bodies], bool]) -> None:
        def table(bodies: Bodies, target: Schema) -> pa.Table:
            if is_bad(bodies):
                raise pa.ArrowInvalid("nobody thought of this")
            return whole(bodies, target)

        monkeypatch.setattr(parquet, "table", table)

    return install


def poisoned(bodies: Bodies) -> bool:
    return any(b"poison" in one for one in bodies.all())


@settings(max_examples=40)
@given(bad=st.lists(st.booleans(), max_size=40), is_part=st.booleans(), newer=st.booleans())
def test_exactly_the_records_at_fault_are_found_and_the_others_can_be_merged(
    bad: list[bool], is_part: bool, newer: bool
) -> None:
    target = PING_V2 if newer else PING
    bodies = [body(number, "poison" if is_bad else "sound") for number, is_bad in enumerate(bad)]
    data = part(bodies) if is_part else contained(bodies)
    with pytest.MonkeyPatch.context() as patch:
        whole = columns.table

        def table(records: Bodies, schema: Schema) -> pa.Table:
            if poisoned(records):
                raise pa.ArrowInvalid("nobody thought of this")
            return whole(records, schema)

        patch.setattr(parquet, "table", table)
        found = list(bisect.unmergeable(data, target))
        numbers = [number for number, is_bad in enumerate(bad) if is_bad]
        assert [record.number for record in found] == numbers
        assert [record.body for record in found] == [bodies[number] for number in numbers]
        assert {record.fingerprint for record in found} <= {PING.fingerprint}
        assert {record.rejection.reason for record in found} <= {Reason.UNMERGEABLE}
        assert [record.rejection.event_id for record in found] == [f"id-{number}" for number in numbers]
        rest = list(bisect.without(data, target, numbers))
        assert ids(rest) == [b"id-%d" % number for number, is_bad in enumerate(bad) if not is_bad]
        assert bisect.digests_of(data, target, found).packed() == b"".join(digest_of(b"id-%d" % at) for at in numbers)


def test_a_record_that_does_not_fit_is_told_with_that_reason_beside_one_that_nobody_foresaw(breaks: Break) -> None:
    breaks(poisoned)
    prices = [b"\x01", b"\x00\x12\xd6\x87", b"\x02"]
    fields = [event(number, label="poison" if number == 2 else None) for number in range(3)]
    bodies = [encode({**one, "price": price}, PRICED) for one, price in zip(fields, prices, strict=True)]
    found = list(bisect.unmergeable(part(bodies, PRICED), PRICED))
    assert [(record.number, record.rejection.reason) for record in found] == [
        (1, Reason.DOES_NOT_FIT),
        (2, Reason.UNMERGEABLE),
    ]
    assert [record.rejection.event_id for record in found] == ["id-1", "id-2"]


def test_a_file_whose_container_is_damaged_is_told_as_such() -> None:
    data = part([body(number) for number in range(5)])
    for damaged in (data[:-3], data[: len(data) // 2], b"", data[:-20] + bytes(20)):
        with pytest.raises(DamagedFile):
            list(bisect.unmergeable(damaged, PING))


def test_where_no_single_record_is_at_fault_the_error_is_raised(breaks: Break) -> None:
    data = part([body(number) for number in range(5)])
    breaks(lambda bodies: len(bodies) == 5)
    with pytest.raises(pa.ArrowInvalid):
        list(bisect.unmergeable(data, PING))


def test_where_nothing_can_be_written_at_all_no_record_is_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise SchemaError("no columns")

    monkeypatch.setattr(parquet, "arrow_schema", refuse)
    with pytest.raises(SchemaError):
        list(bisect.unmergeable(part([body(number) for number in range(5)]), PING))


@pytest.mark.parametrize(
    ("error", "is_of_data"),
    [
        (DamagedFile("x"), True),
        (Malformed("x"), True),
        (SchemaError("x"), True),
        (OverflowError("x"), True),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "x"), True),
        (pa.ArrowInvalid("x"), True),
        (pa.ArrowTypeError("x"), True),
        (pa.ArrowNotImplementedError("x"), True),
        (pa.ArrowCapacityError("x"), True),
        (TypeError("a bug of ours"), False),
        (KeyError("a bug of ours"), False),
        (AttributeError("a bug of ours"), False),
        (pa.ArrowMemoryError("x"), False),
        (MemoryError(), False),
        (OSError("x"), False),
        (TimeoutError("x"), False),
        (ServiceFault("x"), False),
        (ClientError({"Error": {"Code": "SlowDown"}}, "GetObject"), False),
        (EndpointConnectionError(endpoint_url="x"), False),
    ],
)
def test_an_outage_a_time_out_lack_of_memory_or_a_bug_is_never_the_datas_fault(
    error: Exception, is_of_data: bool
) -> None:
    assert bisect.is_of_data(error) is is_of_data


def test_an_outage_while_records_are_tried_is_raised_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(parquet, "table", full)
    with pytest.raises(OSError, match="no space"):
        list(bisect.unmergeable(part([body(1)]), PING))
