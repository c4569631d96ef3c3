"""Which roles and resources are governed: those of CloudFormation stacks whose policies were asked to count.

CloudFormation notes what it makes; others name the stacks (`wavetank deploy` does). Everything else belongs to nobody
here, and is left alone: foreign stacks often have roles that are stubs.
"""

import threading
from typing import NamedTuple

from wavetank.emulator.authority.conditions import ARN_PARTS

SERVICES = {
    "AWS::IAM::Role": "iam",
    "AWS::KinesisFirehose::DeliveryStream": "firehose",
    "AWS::Lambda::Function": "lambda",
    "AWS::S3::Bucket": "s3",
    "AWS::SNS::Topic": "sns",
    "AWS::SQS::Queue": "sqs",
}
"""The resource types that have policies, or are policies' resources, by service."""


class Owned(NamedTuple):
    """A resource: the account that it is in, its service, and its name there."""

    account: str
    service: str
    name: str

    @classmethod
    def of_arn(cls, arn: str, account: str) -> "Owned":
        """The resource of an ARN; `account` stands for the one that ARNs of buckets do not name.

        A text that is no ARN is the name of something that nobody owns.
        """
        parts = arn.split(":", ARN_PARTS - 1)
        if len(parts) < ARN_PARTS:
            return cls(account, "", arn)
        _arn, _partition, service, _region, owner, rest = parts
        if service == "s3":
            name = rest.partition("/")[0]
        elif service == "lambda":
            name = [*rest.split(":"), ""][1]
        else:
            name = rest.rpartition("/")[2]
        return cls(owner or account, service, name)

    @classmethod
    def of_resource(cls, kind: str, physical_id: str, account: str) -> "Owned | None":
        """The resource of a type by its id in a stack; None for a type that has no policies, and for none."""
        service = SERVICES.get(kind)
        # A topic's id is its ARN, a queue's its URL.
        name = physical_id.rpartition("/")[2].rpartition(":")[2]
        return cls(account, service, name) if service is not None and name else None


class Ownership:
    """The stack of each resource, and the stacks that are governed; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: dict[Owned, tuple[str, str]] = {}
        self._governed: frozenset[str] = frozenset()

    def note(self, stack: str, logical_id: str, owned: Owned | None) -> None:
        """A resource belongs to a stack from now on, by its logical id there."""
        if owned is not None:
            with self._lock:
                self._owners[owned] = stack, logical_id

    def forget(self, owned: Owned | None) -> None:
        """A resource belongs to no stack any more; an unknown one is ignored."""
        if owned is not None:
            with self._lock:
                self._owners.pop(owned, None)

    def govern(self, stack: str) -> None:
        """The policies of a stack count from now on, also those of one that is to be made."""
        with self._lock:
            self._governed |= {stack}

    def release(self, stack: str) -> None:
        """The policies of a stack count no more; one that did not is ignored."""
        with self._lock:
            self._governed -= {stack}

    @property
    def any(self) -> bool:
        """Whether any stack is governed: ask before going to expense for a call."""
        return bool(self._governed)

    @property
    def governed(self) -> list[str]:
        """The names of the governed stacks."""
        return sorted(self._governed)

    def governs(self, owned: Owned) -> bool:
        """Whether a resource belongs to a governed stack."""
        return self._owners.get(owned, ("", ""))[0] in self._governed

    def title(self, owned: Owned) -> str:
        """The logical id of a resource, or its name where it belongs to no stack."""
        return self._owners.get(owned, ("", owned.name))[1]


OWNERSHIP = Ownership()
