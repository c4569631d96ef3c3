"""A resource type: which properties it has, and how a resource of it is made, changed and removed.

Source of the properties and of what a change of each needs: the CloudFormation resource type schemas
(https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html).
"""

import json
import secrets
import string
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

type Properties = Mapping[str, Any]
type Model = dict[str, Any]
"""Properties as the template gives them, with the read-only attributes of the resource."""

RANDOM_CHARACTERS = 12
LOOK_S = 0.05
"""Between two looks at a resource that is not ready."""
TIMEOUT_S = 300.0
"""For one resource to be ready; LocalStack's default."""


class Refused(ValueError):
    """A resource cannot be as its template says; the message is the reason of the event."""


class AlreadyThere(Refused):
    """A resource of that name is there already; CloudFormation takes none over."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} already exists")


class Gone(LookupError):
    """There is no such resource any more."""


@dataclass(frozen=True)
class Context:
    """The resource's place: its stack, logical id, account and region, and the clients to make it with.

    `asked` keeps an answer that tells of many resources, for those that are read together.
    """

    clients: Any
    stack_name: str
    logical_id: str
    account: str
    region: str
    asked: dict[str, Any] = field(default_factory=dict)

    def generated_name(self, longest: int) -> str:
        """A name for a resource whose template gives none: stack, logical id and some random characters."""
        alphabet = string.ascii_uppercase + string.digits
        random = "".join(secrets.choice(alphabet) for _ in range(RANDOM_CHARACTERS))
        room = longest - RANDOM_CHARACTERS - 2
        logical_id = self.logical_id[: max(room // 2, room - len(self.stack_name))]
        return f"{self.stack_name[: room - len(logical_id)]}-{logical_id}-{random}"


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The properties of a resource type; together they are those of CloudFormation's own schema.

    A change of one of `create_only` replaces the resource. `refused` are those that are not emulated. `newer` are
    nested ones, by property, that the schema which LocalStack carries does not have yet. `write_only` are those that
    the service does not show as they were given. `published` is AWS's schema, as far as it names nested and required
    properties, of a type of which LocalStack carries none. `within` names the property that says what the resource is
    part of, where its identifier tells it only from others in there.
    """

    type: str
    identifier: str
    create_only: frozenset[str]
    mutable: frozenset[str]
    read_only: frozenset[str]
    refused: frozenset[str] = frozenset()
    name: str | None = None
    longest_name: int = 64
    write_only: frozenset[str] = frozenset()
    newer: Mapping[str, frozenset[str]] = field(default_factory=dict)
    published: Mapping[str, Any] | None = None
    within: str | None = None

    @property
    def supported(self) -> frozenset[str]:
        """The properties that a template may give."""
        return self.create_only | self.mutable


def names(text: str) -> frozenset[str]:
    """The property names in a text, which white space separates."""
    return frozenset(text.split())


class ResourceType(Protocol):
    """The resources of one type."""

    schema: Schema

    def make(self, context: Context, model: Model, /) -> Model:
        """Create the resource, or reserve its name; returns its read-only attributes. It may be bare."""

    def apply(self, context: Context, model: Model, before: Properties | None, /) -> None:
        """Make the resource what `model` says. `before` is the model it was made from; None when it is new.

        To undo a change that failed `before` is what was tried, of which some may have been done.
        """

    def remove(self, context: Context, model: Model, /) -> None:
        """Delete the resource."""

    def read(self, context: Context, model: Model, expected: Properties, /) -> Properties:
        """The resource as its service describes it, as a template would: at least the properties of `expected`.

        Raises Gone, or the service's error, where there is none.
        """


def tags_of(model: Properties) -> dict[str, str]:
    """The tags that the template gives a resource."""
    return {tag["Key"]: str(tag["Value"]) for tag in model.get("Tags") or ()}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as templates and most services list them."""
    return [{"Key": name, "Value": value} for name, value in tags.items()]


def retag(
    tags: dict[str, str],
    there: Mapping[str, str],
    *,
    tag: Callable[[dict[str, str]], object],
    untag: Callable[[list[str]], object],
) -> None:
    """Give a resource the tags of its template, where it has others: `untag` takes keys, `tag` all of them."""
    if gone := sorted(there.keys() - tags.keys()):
        untag(gone)
    if tags and tags != there:
        tag(tags)


def retag_function(lambda_: Any, arn: str, model: Properties) -> None:
    """Give a resource of Lambda the tags of its template."""
    retag(
        tags_of(model),
        lambda_.list_tags(Resource=arn).get("Tags") or {},
        tag=lambda tags: lambda_.tag_resource(Resource=arn, Tags=tags),
        untag=lambda keys: lambda_.untag_resource(Resource=arn, TagKeys=keys),
    )


def retag_listed(client: Any, arn: str, model: Properties) -> None:
    """Give a resource of CloudWatch or EventBridge the tags of its template: they name it and list tags alike."""
    retag(
        tags_of(model),
        tags_from(client.list_tags_for_resource(ResourceARN=arn)["Tags"]),
        tag=lambda tags: client.tag_resource(ResourceARN=arn, Tags=tag_list(tags)),
        untag=lambda keys: client.untag_resource(ResourceARN=arn, TagKeys=keys),
    )


def tags_from(entries: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags as most services list them."""
    return {entry["Key"]: entry.get("Value", "") for entry in entries}


def shared_policy(owners: str, documents: Mapping[str, Any], expected: Properties) -> Model:
    """A policy that several have: the one that was asked for and who has it, or one that another has instead."""
    asked = expected.get("PolicyDocument")
    holders = [owner for owner, document in documents.items() if document == asked]
    others = [document for document in documents.values() if document != asked]
    return {owners: holders, "PolicyDocument": others[0] if others else asked}


def text_of(value: Any) -> str:
    """A property's value as an attribute that is a text: documents are JSON, booleans are lower case."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value)


def wait_until(ready: Callable[[], bool], awaited: str) -> None:
    """Return once `ready()` holds. Raises TimeoutError, naming what was `awaited`, after `TIMEOUT_S`."""
    deadline = time.monotonic() + TIMEOUT_S
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{awaited} was not reached within {TIMEOUT_S:.0f} s")
        time.sleep(LOOK_S)


def wait_until_gone(look: Callable[[], object], missing: type[Exception], name: str) -> None:
    """Return once `look()` raises `missing`. Raises TimeoutError, naming the resource, after `TIMEOUT_S`."""

    def is_gone() -> bool:
        try:
            look()
        except missing:
            return True
        return False

    wait_until(is_gone, f"the end of {name}")
