"""The evidence of one run, which checkers take, and the findings that they give; plain values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from wavetank.scenarios.oracle.alarms import Watched, WatchedComposite
from wavetank.scenarios.oracle.at_rest import AtRest, Model
from wavetank.scenarios.oracle.history import History, Operation, Value
from wavetank.scenarios.oracle.hops import Hop, Passage, Seen, passages
from wavetank.scenarios.oracle.ledger import Entry, draw_up

Version = tuple[str, int]
"""An event as it was sent: its id, and its time in milliseconds. An id with another time is another version of it."""

Arrivals = tuple[tuple[Version, ...], ...]
"""The versions that came to a stream: those of each shard one after another, copies included."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A raw record of an event: SHA-256 (hex) of its bytes, and when it arrived, in microseconds since the epoch."""

    payload: str
    arrived_us: int


@dataclass(frozen=True, slots=True)
class ProcessedBody:
    """A body that came to the processed stream: fingerprint (hex) of its schema, and content in the oracle's words."""

    schema: str
    content: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Copies:
    """The copies of one version of an event: its raw records, and the bodies of the processed ones.

    bodies: each once, in the order in which they came.
    """

    raw: tuple[RawRecord, ...]
    bodies: tuple[ProcessedBody, ...]


class Verdict(StrEnum):
    """The verdict on a run: the promise holds, it does not, or nothing was shown."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class ObservedFlow:
    """The flow between the producer and the data at rest, as it was seen: ids, their order, and the last change.

    seen: ids at each hop. arrivals: by event type and stream (`Hop.RAW`, `Hop.PROCESSED`). healed_s and changed_s:
    seconds since the run began until the healing and until the data at rest changed last; None where nothing was
    healed, or nothing is at rest. alarms: every alarm of the pipeline with what its metric was. processed: by event
    type, the versions that came to the processed stream more than once. dropped: by event
    type, the number of times that the pipeline told of an event that it had dropped on purpose.
    """

    seen: Seen = field(default_factory=dict)
    arrivals: Mapping[tuple[str, Hop], Arrivals] = field(default_factory=dict)
    healed_s: float | None = None
    changed_s: float | None = None
    alarms: tuple[Watched | WatchedComposite, ...] = ()
    processed: Mapping[str, Mapping[Version, Copies]] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def convergence_s(self) -> float | None:
        """Seconds from the healing to the last change at rest, 0 if that came before; None where one is not known."""
        if self.healed_s is None or self.changed_s is None:
            return None
        return max(0.0, self.changed_s - self.healed_s)


@dataclass(frozen=True)
class LookResult:
    """The result of a look in the middle of a drill, and what the drill expected there."""

    look: str
    passed: bool
    detail: str
    inconclusive: bool = False


@dataclass(frozen=True)
class SecondPass:
    """The outcome of doing everything a second time: every chunk delivered again, then every event sent again.

    chunks: how many there were to deliver again. undone: keys of those that were not marked done when that had
    settled. part_digests: MD5 of every part file then, by key. operations: the events that were sent again.
    fed_parts: keys of the part files when those had settled. digests: of the data of record at the end, by key.
    """

    chunks: int
    undone: tuple[str, ...]
    part_digests: Mapping[str, str]
    operations: tuple[Operation, ...]
    fed_parts: frozenset[str]
    digests: Mapping[str, str]


@dataclass(frozen=True)
class Expectations:
    """The expectations that a drill has of its run.

    reasons: those for which events may be set aside for a while, beside what was damaged on purpose; None for any.
    in_order: nothing in the drill takes from the promise that copies of an event keep their order. keys_stay: nothing
    in it moves a partition key to another shard. converges_within_s: so long after the healing the data at rest change
    no more; None where that is only reported. alarms: those that have to ring, and no other may; None where any may.
    pages: those of them that somebody gets up for. ages: time passed as on AWS, and what had done its time expired.
    caught_by: checkers that have to fail, as the drill has a fault of the pipeline's own; spoils: those that may, too.
    """

    reasons: frozenset[str] | None = frozenset()
    in_order: bool = True
    keys_stay: bool = True
    converges_within_s: float | None = None
    alarms: frozenset[str] | None = frozenset()
    pages: frozenset[str] = frozenset()
    ages: bool = False
    caught_by: frozenset[str] = frozenset()
    spoils: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Evidence:
    """The whole evidence of one run.

    fired: how often each fault of the drill struck, by name; a fault that never did is there with 0.
    second_pass: what came of doing everything a second time; None when it was not done.
    control: digests of the fault-free run of the same workload; None where that did not come to its end.
    is_control: this is that run.
    flow: what was seen between the producer and the data at rest; None where it could not be read.
    expectations: what the drill says of this run.
    refused: calls that a policy did not allow, each in words; a policy that is right refuses none.
    """

    history: History
    at_rest: AtRest
    model: Model
    fired: Mapping[str, int] = field(default_factory=dict)
    looks: tuple[LookResult, ...] = ()
    second_pass: SecondPass | None = None
    control: Mapping[str, str] | None = None
    is_control: bool = False
    flow: ObservedFlow | None = None
    expectations: Expectations = Expectations()
    refused: tuple[str, ...] = ()

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """The ledger by event type, drawn up once."""
        return draw_up(self.history, self.at_rest, self.model)

    @cached_property
    def passages(self) -> Mapping[str, Passage]:
        """The ledger by hop of each event type; empty where there is no flow."""
        return passages(self.history, self.flow.seen, self.at_rest, self.entries) if self.flow is not None else {}


@dataclass(frozen=True)
class Finding:
    """The finding of one checker, in one line."""

    checker: str
    verdict: Verdict
    detail: str


def passed(checker: str, detail: str) -> Finding:
    """The finding that a promise holds."""
    return Finding(checker, Verdict.PASS, detail)


def failed(checker: str, detail: str) -> Finding:
    """The finding that a promise does not hold."""
    return Finding(checker, Verdict.FAIL, detail)


def unclear(checker: str, detail: str) -> Finding:
    """The finding that nothing was shown."""
    return Finding(checker, Verdict.INCONCLUSIVE, detail)


Checker = Callable[[Evidence], Finding]


@dataclass(frozen=True)
class Judgement:
    """Every finding, and the ledgers they rest on, in all and by hop; empty where they could not be drawn up."""

    findings: tuple[Finding, ...]
    ledger: Mapping[str, Entry]
    passages: Mapping[str, Passage] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings; inconclusive where there are none."""
        verdicts = {finding.verdict for finding in self.findings}
        by_gravity = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
        return next((verdict for verdict in by_gravity if verdict in verdicts), Verdict.INCONCLUSIVE)
