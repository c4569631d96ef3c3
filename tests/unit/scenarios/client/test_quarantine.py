"""What is re-driven goes round once for each time it was set aside, and not for ever."""

from datetime import UTC, datetime, timedelta

from wavetank.scenarios.client.quarantine import (
    MOST_ATTEMPTS,
    Filter,
    Held,
    QuarantineFile,
    SetAside,
    Stage,
    attempts,
    waiting,
)

NOON = datetime(2019, 11, 24, 12, tzinfo=UTC)


def record(position: str, payload: bytes = b"x", arrived: datetime = NOON) -> SetAside:
    return SetAside("click", "undecodable", "", Stage.PROCESS, "key", "", payload, "arn:stream", position, arrived)


def held(*records: SetAside, redriven: bool = False, reason: str = "undecodable") -> Held:
    return Held(QuarantineFile(f"key-{records[0].position}", "click", reason), records, redriven)


def positions(known: list[Held], wanted: Filter | None = None) -> list[str]:
    return [record.position for some in waiting(known, wanted or Filter()) for record in some.records]


def test_a_record_waits_until_its_file_was_redriven() -> None:
    assert positions([held(record("1")), held(record("2", b"y"), redriven=True)]) == ["1"]


def test_a_record_that_two_files_hold_goes_round_once() -> None:
    assert positions([held(record("1"), record("2", b"y")), held(record("1"))]) == ["1", "2"]
    assert positions([held(record("1"), redriven=True), held(record("1"), record("2", b"y"))]) == ["2"]


def test_a_record_that_keeps_failing_is_left_after_so_many_rounds() -> None:
    tries = [held(record(str(number)), redriven=True) for number in range(MOST_ATTEMPTS)]
    assert positions([*tries[1:], held(record("9"))]) == ["9"]
    (some,) = waiting([*tries, held(record("9"))], Filter())
    assert (some.records, some.exhausted) == ((), 1)


def test_attempts_are_counted_by_bytes_and_a_batch_handled_twice_counts_once() -> None:
    known = [held(record("1"), redriven=True), held(record("1"), redriven=True), held(record("2"))]
    assert attempts(known) == {record("1").digest: 1}


def test_a_redrive_can_be_narrowed_by_type_reason_and_arrival() -> None:
    known = [held(record("1")), held(record("2", b"y", NOON + timedelta(hours=1)), reason="bad-frame")]
    assert positions(known, Filter(reason="bad-frame")) == ["2"]
    assert positions(known, Filter(since=NOON + timedelta(minutes=1))) == ["2"]
    assert positions(known, Filter(event_type="conversion")) == []
