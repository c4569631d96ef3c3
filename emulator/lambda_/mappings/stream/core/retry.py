"""The next step of a batch after each outcome: done, tried again, cut in two, or given up.

The rules, from the AWS developer guide ("Retain discarded batch records for a Kinesis Data Streams event
source", "Configuring partial batch response") and from AWS's observed answers:

- A function error spends one retry; a throttled or failed call of the Lambda service spends none.
- Splitting a batch spends none: each half is a new batch with all its retries.
- A partial success is progress: what is left is a new batch with all its retries.
- A batch whose retries are spent is given up as a whole (RetryAttemptsExhausted); records that are too old are
  given up alone (RecordAgeExceeded), the rest of their batch goes on.

AWS does not publish the waiting times between attempts; they double here from `FIRST_WAIT_S` to `LONGEST_WAIT_S`.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from wavetank.emulator.lambda_.mappings.stream.core.event import Record
from wavetank.emulator.lambda_.mappings.stream.core.response import Failed, Outcome, Partly, Refused, Reply, Succeeded
from wavetank.emulator.lambda_.mappings.stream.core.settings import RetryPolicy

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 60.0


class Condition(StrEnum):
    """Why records were given up; the words of the invocation record."""

    RETRIES = "RetryAttemptsExhausted"
    AGE = "RecordAgeExceeded"


@dataclass(frozen=True)
class Work:
    """A batch on its way: how often it was invoked, failed and was refused, and when it may be tried next."""

    records: tuple[Record, ...]
    invokes: int = 0
    failures: int = 0
    refusals: int = 0
    not_before: float = 0.0
    last_error: str = ""

    def description(self, now: float) -> str:
        """The batch in words, for a person who waits for it."""
        text = f"batch of {len(self.records)}, attempt {self.failures + self.refusals + 1}"
        if self.not_before > now:
            text += f", next try in {self.not_before - now:.1f} s"
        return f"{text}, last error {self.last_error}" if self.last_error else text


@dataclass(frozen=True)
class Discard:
    """Records given up, for the on-failure destination; `reply` is the last answer, None if there is none to tell."""

    records: tuple[Record, ...]
    condition: Condition
    invokes: int
    reply: Reply | None


@dataclass(frozen=True)
class Step:
    """The result of an outcome: so many records (from the front) are finished, of them some given up; then `next`."""

    finished: int
    next: tuple[Work, ...] = ()
    discard: Discard | None = None


def after(work: Work, outcome: Outcome, policy: RetryPolicy, now: float) -> Step:
    """The step of a batch after an attempt that ended at `now`."""
    match outcome:
        case Succeeded():
            return Step(finished=len(work.records))
        case Refused(error):
            refusals = work.refusals + 1
            again = replace(work, refusals=refusals, not_before=now + wait_s(refusals), last_error=error)
            return Step(finished=0, next=(again,))
        case Partly(_, done) if done > 0:
            rest = Work(work.records[done:], not_before=now + FIRST_WAIT_S, last_error="partial failure")
            return Step(finished=done, next=(rest,))
        case Partly(reply, _):
            return _failed(work, Failed(reply, "the first record of the batch failed"), policy, now)
        case Failed():
            return _failed(work, outcome, policy, now)


def expire(work: Work, oldest_arrival: float) -> Step | None:
    """Give up the records at the front that arrived at `oldest_arrival` or before; None when there are none.

    AWS counts one invocation in the record it then writes, however many there were.
    """
    expired = next((i for i, r in enumerate(work.records) if r.arrived > oldest_arrival), len(work.records))
    if expired == 0:
        return None
    discard = Discard(work.records[:expired], Condition.AGE, invokes=1, reply=None)
    rest = work.records[expired:]
    return Step(finished=expired, next=(replace(work, records=rest),) if rest else (), discard=discard)


def wait_s(attempts: int) -> float:
    """Seconds to wait after so many attempts in a row (1 or more) came to nothing."""
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempts - 1, 30))


def _failed(work: Work, failed: Failed, policy: RetryPolicy, now: float) -> Step:
    """The batch got nowhere: cut it in two where that is asked for, else try it again while it has retries."""
    if policy.bisect and len(work.records) > 1:
        middle = len(work.records) // 2
        first = Work(work.records[:middle], not_before=now + FIRST_WAIT_S, last_error=failed.error)
        return Step(finished=0, next=(first, Work(work.records[middle:])))
    failures, invokes = work.failures + 1, work.invokes + 1
    if policy.max_retries is not None and failures > policy.max_retries:
        discard = Discard(work.records, Condition.RETRIES, invokes, failed.reply)
        return Step(finished=len(work.records), discard=discard)
    not_before = now + wait_s(failures)
    again = Work(work.records, invokes, failures=failures, not_before=not_before, last_error=failed.error)
    return Step(finished=0, next=(again,))
