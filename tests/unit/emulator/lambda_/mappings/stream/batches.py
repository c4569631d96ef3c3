"""Records and outcomes for the tests of the pure core."""

from wavetank.emulator.lambda_.mappings.stream.core.event import Record
from wavetank.emulator.lambda_.mappings.stream.core.response import Failed, Partly, Refused, Reply, Succeeded

REPLY = Reply(request_id="request-1")
ERROR_REPLY = Reply(request_id="request-2", function_error="Unhandled")

OK = Succeeded(REPLY)
ERROR = Failed(ERROR_REPLY, "ValueError: no")
THROTTLED = Refused("TooManyRequestsException")


def partly(done: int) -> Partly:
    """The function reported the record at index `done` as the first that failed."""
    return Partly(REPLY, done)


def records(*numbers: int, arrived: float | None = None, size: int = 10) -> tuple[Record, ...]:
    """Records with these sequence numbers, which arrived at the second of their number."""
    return tuple(Record(str(n), float(n) if arrived is None else arrived, "x" * size) for n in numbers)


def numbers(batch: tuple[Record, ...]) -> list[int]:
    """The sequence numbers of a batch."""
    return [int(record.sequence) for record in batch]
