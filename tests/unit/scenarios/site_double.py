"""A site on which nothing moves: the stream takes every event, and nothing of it is ever at rest."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from tests.unit.scenarios.client.kinesis_double import ScriptedKinesis
from wavetank.emulator.errors import Unreachable
from wavetank.emulator.stack.home import project_root
from wavetank.pipeline import topology
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.unfinished import Unfinished


class EmptyBuckets:
    """An S3 client of which every bucket is empty."""

    class exceptions:  # noqa: N801
        """The errors that it has, as boto3 names them."""

        class NoSuchKey(ClientError):
            """There is no such object."""

    def get_object(self, **_: object) -> dict[str, Any]:
        """No object. Raises NoSuchKey."""
        raise self.exceptions.NoSuchKey({"Error": {"Code": "NoSuchKey", "Message": "none"}}, "GetObject")

    def get_paginator(self, _operation: str) -> "EmptyBuckets":
        """The listing's pages."""
        return self

    def paginate(self, **_: object) -> Iterator[dict[str, Any]]:
        """One page with nothing in it."""
        yield {}


class EmptyQueues:
    """An SQS client of which every queue is empty."""

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # noqa: N803
        """Where the queue is."""
        return {"QueueUrl": QueueName}

    def receive_message(self, **_: object) -> dict[str, Any]:
        """Nothing."""
        return {}


@dataclass
class Firings:
    """The control API: what `activity` says unless it is `gone`, and how often the faults were cleared."""

    said: Sequence[dict[str, Any]] = ()
    gone: bool = False
    cleared: int = 0
    added: list[str] = field(default_factory=list)

    def activity(self) -> list[dict[str, Any]]:
        """Nothing has fired before a fault is there. Raises Unreachable."""
        if self.gone:
            raise Unreachable("nothing answers")
        return list(self.said) if self.added else []

    def authority(self, after: int = 0) -> dict[str, Any]:
        """Nothing was refused."""
        return {"refused": [], "next": after}

    def add_fault(self, fault: dict[str, Any]) -> str:
        """Take a fault."""
        self.added.append(str(fault["id"]))
        return self.added[-1]

    def clear_faults(self) -> None:
        """Take them all away."""
        self.cleared += 1


@dataclass
class StillStack:
    """The clients and the control API of a stack."""

    control: Firings = field(default_factory=Firings)
    account: str = "000000000000"
    region: str = "us-east-1"

    def client(self, service: str, *, long: bool = False, answer_s: float | None = None) -> Any:
        """S3 with empty buckets, SQS with empty queues, Kinesis that takes everything."""
        return {"s3": EmptyBuckets(), "sqs": EmptyQueues(), "kinesis": ScriptedKinesis()}[service]


@dataclass(frozen=True)
class StillSite(Site):
    """`happens` is called with the name of each thing a run does here, and may raise."""

    happens: Callable[[str], None] = lambda _: None

    def settle(self, but: Unfinished | None = None) -> None:
        self.happens("settle")

    def now(self) -> datetime:
        return datetime(2019, 11, 25, tzinfo=UTC)

    def tick(self, function: Scheduled, moment: datetime, but: Unfinished | None = None) -> dict[str, Any]:
        self.happens(str(function))
        return {}

    def empty(self) -> int:
        self.happens("empty")
        return 0

    def cycle(self, function: str) -> None:
        self.happens(f"cycle {function}")

    def restore_registry(self) -> list[str]:
        return []

    def forget_renewals(self) -> None:
        """No reference was published again."""


def still_site(happens: Callable[[str], None], firings: Sequence[dict[str, Any]] = ()) -> StillSite:
    """A site where `happens` decides what fails, and on which the faults fired as `firings` say."""
    schemas = project_root() / "schemas"
    stack: Any = StillStack(Firings(firings))
    return StillSite(stack, topology.load(schemas), schemas, happens=happens)
