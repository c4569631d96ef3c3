"""Batches within the limits of PutRecords, and outcomes that never claim more than is known."""

import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.scenarios.client.kinesis_double import ScriptedKinesis, client_error, raises, refuses, takes_all
from wavetank.scenarios.client.batches import MAX_RECORD_BYTES, MAX_RECORDS, MAX_REQUEST_BYTES, Message, batches
from wavetank.scenarios.client.producer import RECORD_TOO_LARGE, Producer, Receipt, Retry, Route, Sender
from wavetank.scenarios.client.wire import EncodingError, WireSchema, encode_frame
from wavetank.scenarios.oracle.history import Outcome
from wavetank.scenarios.workload.synthetic import WorkloadEvent

AT_ONCE = Retry(stalls=3, base_s=0.0)
URL = "http://127.0.0.1:1"
PING = WireSchema.of({"type": "record", "name": "Ping", "fields": [{"name": "event_id", "type": "string"}]})


TIMED = WireSchema.of(
    {
        "type": "record",
        "name": "Timed",
        "fields": [
            {"name": "event_id", "type": "string"},
            {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        ],
    }
)


def messages(number: int, stream: str = "s", size: int = 3) -> list[Message]:
    return [Message(stream, f"{n:08d}", bytes(size)) for n in range(number)]


def sender(kinesis: ScriptedKinesis, retry: Retry = AT_ONCE, **more: Any) -> Sender:
    return Sender(cast(Any, kinesis), retry=retry, in_flight=1, **more)


def sent(kinesis: ScriptedKinesis, number: int = 3) -> list[Receipt]:
    with sender(kinesis) as one:
        return one.send(messages(number))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([0, 10, 400_000, MAX_RECORD_BYTES])), max_size=60))
def test_every_message_is_in_one_batch_in_order_and_within_the_limits(given: list[tuple[str, int]]) -> None:
    made = [Message(stream, "", bytes(size)) for stream, size in given]
    found = list(batches(made))
    for batch in found:
        assert len(batch.messages) <= MAX_RECORDS
        assert sum(message.size for message in batch.messages) <= MAX_REQUEST_BYTES
        assert all(made[at] is message for at, message in zip(batch.positions, batch.messages, strict=True))
    for stream in "ab":
        positions = [at for batch in found if batch.stream == stream for at in batch.positions]
        assert positions == [at for at, (of, _) in enumerate(given) if of == stream]


def test_a_batch_ends_at_500_records() -> None:
    assert [len(batch.messages) for batch in batches(messages(1001))] == [500, 500, 1]


def test_a_batch_ends_at_5_mib_with_the_keys_counted() -> None:
    exactly_a_fifth = MAX_REQUEST_BYTES // 5 - len("00000000")
    assert [len(batch.messages) for batch in batches(messages(6, size=exactly_a_fifth))] == [5, 1]


def test_everything_acknowledged_is_ok_at_the_first_attempt() -> None:
    receipts = sent(ScriptedKinesis(takes_all))
    assert [(receipt.outcome, receipt.attempts) for receipt in receipts] == [(Outcome.OK, 1)] * 3
    assert receipts[2].sequence_number == "2"


def test_only_the_refused_records_are_sent_again() -> None:
    kinesis = ScriptedKinesis(refuses(1), takes_all)
    receipts = sent(kinesis)
    assert kinesis.sizes == [3, 1]
    assert [receipt.attempts for receipt in receipts] == [1, 2, 1]
    assert {receipt.outcome for receipt in receipts} == {Outcome.OK}


def test_a_stream_that_refuses_for_ever_is_given_up_as_fail() -> None:
    kinesis = ScriptedKinesis(refuses())
    receipts = sent(kinesis)
    assert kinesis.sizes == [3] * AT_ONCE.stalls
    assert {(receipt.outcome, receipt.attempts) for receipt in receipts} == {(Outcome.FAIL, AT_ONCE.stalls)}


def test_a_throttled_stream_that_makes_progress_is_never_given_up() -> None:
    one_at_a_time = [refuses(*range(1, left)) for left in range(10, 1, -1)]
    kinesis = ScriptedKinesis(*one_at_a_time, takes_all)
    receipts = sent(kinesis, 10)
    assert kinesis.sizes == list(range(10, 0, -1))
    assert {receipt.outcome for receipt in receipts} == {Outcome.OK}


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url=URL),
        EndpointConnectionError(endpoint_url=URL),
        client_error("InternalFailure", 500),
        client_error("ThrottlingException", 400, retry_attempts=2),
    ],
)
def test_no_sure_answer_is_unknown_and_stays_so_though_a_later_attempt_is_refused(error: Exception) -> None:
    assert {receipt.outcome for receipt in sent(ScriptedKinesis(raises(error)))} == {Outcome.UNKNOWN}
    receipts = sent(ScriptedKinesis(raises(error), refuses()))
    assert {receipt.outcome for receipt in receipts} == {Outcome.UNKNOWN}
    receipts = sent(ScriptedKinesis(raises(error), takes_all))
    assert {(receipt.outcome, receipt.attempts) for receipt in receipts} == {(Outcome.OK, 2)}


def test_a_refusal_after_botocores_own_repeats_is_not_sure() -> None:
    kinesis = ScriptedKinesis(refuses(retry_attempts=1))
    assert {receipt.outcome for receipt in sent(kinesis)} == {Outcome.UNKNOWN}


def test_a_stream_that_is_slow_to_say_nothing_is_given_up_after_the_patience() -> None:
    kinesis = ScriptedKinesis(raises(ReadTimeoutError(endpoint_url=URL)))
    with sender(kinesis, Retry(base_s=0.0, patience_s=0.0)) as one:
        assert {receipt.outcome for receipt in one.send(messages(2))} == {Outcome.UNKNOWN}
    assert kinesis.sizes == [2]


def test_a_mistake_of_the_caller_fails_at_once() -> None:
    kinesis = ScriptedKinesis(raises(client_error("ResourceNotFoundException", 400)))
    receipts = sent(kinesis)
    assert kinesis.sizes == [3]
    assert {(receipt.outcome, receipt.reason) for receipt in receipts} == {(Outcome.FAIL, "ResourceNotFoundException")}


def test_a_record_too_large_is_refused_without_harm_to_its_neighbours() -> None:
    kinesis = ScriptedKinesis(takes_all)
    with sender(kinesis) as one:
        small, large = Message("s", "k", b"x"), Message("s", "k", bytes(MAX_RECORD_BYTES))
        receipts = one.send([small, large, small])
    assert [receipt.outcome for receipt in receipts] == [Outcome.OK, Outcome.FAIL, Outcome.OK]
    assert receipts[1].reason == RECORD_TOO_LARGE
    assert kinesis.sizes == [2]


def test_stop_ends_the_repeats() -> None:
    stop = threading.Event()
    stop.set()
    kinesis = ScriptedKinesis(refuses(0))
    with sender(kinesis, Retry(base_s=60.0), stop=stop) as one:
        receipts = one.send(messages(2))
    assert kinesis.sizes == [2]
    assert [receipt.outcome for receipt in receipts] == [Outcome.FAIL, Outcome.OK]


def test_receipts_come_in_the_order_of_the_messages_whatever_their_stream() -> None:
    mixed = [Message("ab"[n % 2], str(n), b"") for n in range(1100)]
    with Sender(cast(Any, ScriptedKinesis(takes_all)), in_flight=3) as one:
        receipts = one.send(mixed)
    within = [str(n // 2 % MAX_RECORDS) for n in range(1100)]
    assert [receipt.sequence_number for receipt in receipts] == within


def test_the_source_is_read_no_further_ahead_than_what_is_in_flight() -> None:
    read = 0

    def source() -> Iterator[Message]:
        nonlocal read
        for message in messages(20 * MAX_RECORDS):
            read += 1
            yield message

    with sender(ScriptedKinesis(takes_all)) as one:
        next(one.flow(source()))
        assert read <= 4 * MAX_RECORDS


def test_an_event_goes_on_the_stream_of_its_type_under_its_id() -> None:
    kinesis = ScriptedKinesis(takes_all)
    with sender(kinesis) as one:
        producer = Producer(one, {"ping": Route("wavetank-ping-raw", PING)})
        (receipt,) = producer.put([WorkloadEvent("ping", {"event_id": "p-1"})])
        with pytest.raises(EncodingError):
            producer.put([WorkloadEvent("ping", {"event_id": "p-1", "no": 1})])
    assert receipt.outcome is Outcome.OK
    ((stream, (entry,)),) = kinesis.requests
    assert (stream, entry["PartitionKey"]) == ("wavetank-ping-raw", "p-1")


def test_an_event_time_is_in_milliseconds_where_its_schema_says_so() -> None:
    event = WorkloadEvent("timed", {"event_id": "t", "event_time": 1_574_553_663_979_311})
    with sender(ScriptedKinesis(takes_all)) as one:
        message = Producer(one, {"timed": Route("s", TIMED)}).message(event)
    assert message.data == encode_frame(TIMED, {"event_id": "t", "event_time": 1_574_553_663_979})
