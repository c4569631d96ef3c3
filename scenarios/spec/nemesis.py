"""The nemesis, Jepsen's word for what makes things go wrong: what one may do in a run, and the scene it does it on.

A nemesis is a value, and the same one takes part in many runs. What it does in one run is kept by that run's scene:
how often it struck, and what heals it. Healing takes place in the reverse order of the breaking.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Protocol

from wavetank.pipeline.topology import EventType, Topology
from wavetank.scenarios.oracle.at_rest import AtRest
from wavetank.scenarios.oracle.history import Operation
from wavetank.scenarios.oracle.references import Publication
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.workload.synthetic import WorkloadEvent


class Damage(StrEnum):
    """The flaw of a copy of an event that cannot go on; what a copy with it is set aside for follows from it.

    Copies that come several at a time have the places of their damage by turns, and the byte and its bit by seed.
    """

    FLIPPED = "flipped"
    """The last byte of a frame is inverted."""
    ANY_BYTE = "any-byte"
    """One bit of a frame is another: of its version, mark, length, fingerprint, checks, or of its body."""
    TRUNCATED = "truncated"
    """A frame has lost its end: within the body, the header, or all but a byte."""
    TRAILING = "trailing"
    """There are bytes behind a frame."""
    UNKNOWN_SCHEMA = "unknown-schema"
    """A sound frame of a schema that nobody has published."""
    CUT_BODY = "cut-body"
    """A sound frame around a body that lacks its end."""
    STRANGE_ENVELOPE = "strange-envelope"
    """The envelope of another format, with a schema that nobody has published or a mark that is none."""
    BROKEN_AGGREGATE = "broken-aggregate"
    """One bit of an aggregate of the Kinesis Producer Library is another: of its mark, its message or its digest."""
    NO_ID = "no-id"
    """Its id is empty."""
    NO_DATE = "no-date"
    """Its time is before the year 1 or after the year 9999."""
    OVERSIZE = "oversize"
    """It is too large once it is enriched, by a byte or by more."""


EVERY_DAMAGE = tuple(Damage)


@dataclass(frozen=True)
class SendPlan:
    """Events that the producer sends in one go, and how.

    schemas: by event type, the Avro definition that is written with in the place of the newest one of the schema
    folder. key: one partition key for all events, so that they meet in one shard. aggregated: so many of them in one
    record each, with a damaged one between them; 0 for each event as it says itself. damage: a copy with this flaw is
    sent, to the raw stream or, where a frame in a chunk can have it, to the raw and the processed one by turns.
    answer_s: so long the producer waits for an answer; None for as long as usual. journalled: they are kept in the
    producer's journal until they are acknowledged. repeat: they were sent before. flaw: the reason for which they have
    to be set aside, sound as their bytes are.
    """

    events: Sequence[WorkloadEvent]
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    key: str | None = None
    aggregated: int = 0
    damage: Damage | None = None
    answer_s: float | None = None
    journalled: bool = False
    repeat: bool = False
    flaw: str = ""


class Portion(NamedTuple):
    """The `number`-th portion of a workload, from 1."""

    number: int
    events: Sequence[WorkloadEvent]
    is_last: bool = False


def up_to_half(portion: Portion, plans: Iterable[SendPlan]) -> Generator[SendPlan, None, SendPlan | None]:
    """The plans of a portion, of the last portion up to the middle of its last plan; returns the other half of that.

    So something can go wrong while events flow. Returns None in every other portion.
    """
    *earlier, last = plans
    yield from earlier
    if not portion.is_last:
        yield last
        return None
    half = len(last.events) // 2
    yield replace(last, events=last.events[:half])
    return replace(last, events=last.events[half:])


class Outcome(NamedTuple):
    """The outcome of a run, as far as nemeses ask for it; firings: how often each fault struck, by id."""

    firings: Mapping[str, int]
    operations: Sequence[Operation]
    at_rest: AtRest


class Place(Protocol):
    """The site, as far as nemeses know it."""

    @property
    def stack(self) -> Any:
        """The stack: AWS clients, the control API, and the container that it runs in if it does."""

    @property
    def s3(self) -> Any:
        """The stack's S3 client."""

    @property
    def registry_bucket(self) -> str:
        """The bucket of schemas and reference data."""

    @property
    def topology(self) -> Topology:
        """Every resource by name."""

    @property
    def routes(self) -> Mapping[str, Any]:
        """By event type the stream it goes to, and the schema it is written with."""

    def now(self) -> datetime:
        """Emulator time, UTC."""

    def cycle(self, function: str) -> None:
        """Make the function's next invocation start in a new environment."""

    @property
    def database(self) -> Any:
        """The database that references are read from, with its outages and locks; None where they are in files."""

    def tell_password(self) -> None:
        """Put the password that the reader of the database has now into its secret."""

    def change_settings(self, event_type: str, settings: str | None) -> None:
        """Deploy with this text as an event type's component.toml; None for the file that it has."""

    def configure(self, function: str, **settings: Any) -> None:
        """Change settings of a function's configuration."""

    @property
    def data_bucket(self) -> str:
        """The bucket of chunks, parts, merged files and quarantine."""

    def deploy_component(self, name: str) -> None:
        """Lay a component of the drills over the event types, and deploy them so."""

    def deploy_again(self) -> None:
        """Deploy the event types as they are."""

    def publish_reference(self, name: str, digest: str, data: bytes) -> None:
        """Publish a snapshot of a reference, as a deployment does."""

    def next_key(self, event_type: str, role: str) -> str:
        """The registry key of a version after the newest in the folder, of the raw or the processed schema."""


class Keeper(Protocol):
    """The producer, as far as nemeses know it: it keeps a journal of what it was told to."""

    def unacknowledged(self, *, rewind: bool) -> list[WorkloadEvent]:
        """The events in the journal that wait for an answer; after a rewind all that it holds."""

    def close(self) -> None:
        """Let go of the journal."""


class Neighbour(Protocol):
    """Another stage on the same stack, as far as nemeses know it."""

    def flood(self, events: int, seed: int) -> None:
        """Put so many events on its streams."""

    def starve(self) -> None:
        """Leave no concurrency to its processors."""

    def delete(self) -> None:
        """Take everything of it away; doing it again does nothing."""


@dataclass(frozen=True)
class Scene:
    """The scene of a run, as the nemeses see it.

    victim: the event type that is struck where one is. redeploy: puts the pipeline on a stack that has lost it. struck:
    how often each nemesis struck, by id. healing: what takes back what was done; the last thing is taken back first.
    downgrade: puts the release before on the stack, in the place of this one and its data. neighbour: deploys another
    stage on the stack; beside: those that are there. published: by its name, what was published of a reference in the
    place of what was deployed, in order: all that the oracle knows of it.
    """

    site: Place
    producer: Keeper
    victim: str
    seed: int
    redeploy: Callable[[], object]
    downgrade: Callable[[], object]
    neighbour: Callable[[], Neighbour]
    struck: Counter[str] = field(default_factory=Counter)
    healing: ExitStack = field(default_factory=ExitStack)
    beside: list[Neighbour] = field(default_factory=list)
    published: defaultdict[str, list[Publication]] = field(default_factory=lambda: defaultdict(list))

    @property
    def event(self) -> EventType:
        """The resources of the victim."""
        return self.site.topology.event(self.victim)

    @property
    def definition(self) -> Mapping[str, Any]:
        """The Avro definition that the victim's producer writes with."""
        return dict(self.site.routes[self.victim].schema.definition)

    def publish(self, key: str, data: bytes) -> None:
        """Write an object of the registry, past all checks."""
        self.site.s3.put_object(Bucket=self.site.registry_bucket, Key=key, Body=data)


class Nemesis(Protocol):
    """A thing that goes wrong in a run; by default it does nothing, so that each kind says only what it does.

    id: its name in reports, of which a drill has each once. deploys: it deploys the pipeline, as it is in the checkout.
    needs_control, needs_container: on a stack without a control API, or one that is no container of ours, the drill is
    skipped; needs_release_before: also where the tree of the release before cannot be had.
    """

    id: str
    needs_control: ClassVar[bool] = False
    deploys: ClassVar[bool] = False
    needs_container: ClassVar[bool] = False
    needs_release_before: ClassVar[bool] = False

    def begin(self, scene: Scene) -> None:  # noqa: ARG002
        """Break something before the workload flows, and leave with the scene what heals it."""
        return

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterable[SendPlan]:  # noqa: ARG002
        """The plans by which the producer sends a portion, which without this nemesis it would send as `plans` say."""
        return plans

    def times(self, function: Scheduled, scene: Scene) -> int:  # noqa: ARG002
        """The number of times that a tick of `function` that is due now is sent."""
        return 1

    def fired(self, outcome: Outcome, scene: Scene) -> int:  # noqa: ARG002
        """The number of times that it struck in the run."""
        return scene.struck[self.id]
