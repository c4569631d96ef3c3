"""Moves what belongs to event types out of the one CloudFormation stack of earlier releases, into a stack each.

By stack refactoring (CloudFormation user guide, "Stack refactoring"): resources stay what they are, and an event source
mapping goes on where it was. Importing would do as well, but leaves resources in no stack while it lasts, and those of
a deployment that is interrupted then for good. A refactor changes nothing; what changed is deployed after it.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import Any

from botocore.exceptions import ClientError

from wavetank.emulator.deploy.formation import UNKNOWN_OPERATION, Formation
from wavetank.emulator.errors import DeployFailed
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline.names import Names
from wavetank.pipeline.template.render import EVENT_TYPE_OUTPUT, PREFIX_OUTPUT
from wavetank.pipeline.template.split import split

MOST_AT_ONCE = 4
"""A refactor is of five stacks at most, one of which is the one that things are moved from."""
RAW_STREAM = "RawStream"
OF_EVENT_TYPE = (
    RAW_STREAM,
    "ProcessedStream",
    "ProcessorRole",
    "Processor",
    "Source",
    "DeliveryRole",
    "Delivery",
    "BehindAlarm",
)
"""Ends of the logical ids of an event type's resources in the releases with one stack."""
LOOK_S = 0.05
TIMEOUT_S = 600.0
UNFINISHED = ("CREATE_IN_PROGRESS", "EXECUTE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")


def move(stack: Stack, names: Names, bucket: str, progress: Callable[[str], None]) -> tuple[str, ...]:
    """Move the event types out of the shared stack, where they are in it; the CloudFormation stacks that were made.

    bucket: that of templates which are too long for a request. What was moved by a deployment that was interrupted
    stays moved, and the next one goes on. Raises DeployFailed.
    """
    shared = Formation(stack, names.shared_stack)
    event_types = _to_be_moved(shared, names)
    moved: list[str] = []
    for some in batched(event_types, MOST_AT_ONCE, strict=False):
        progress(f"moving {', '.join(event_types[prefix] for prefix in some)} to stacks of their own")
        refactoring = _Refactoring(shared, bucket, names, {prefix: event_types[prefix] for prefix in some})
        moved += refactoring.run()
    return tuple(moved)


def as_moved(stack: Stack, names: Names) -> dict[str, dict[str, Any]]:
    """The templates of the stacks that a move would leave and make; none where there is nothing to move."""
    shared = Formation(stack, names.shared_stack)
    event_types = _to_be_moved(shared, names)
    if not event_types:
        return {}
    templates, _ = _Refactoring(shared, "", names, event_types)._templates()
    rest = templates[shared.name]
    return templates | {shared.name: rest | {"Resources": written_out(rest["Resources"], shared.parameters)}}


def _to_be_moved(shared: Formation, names: Names) -> dict[str, str]:
    """Beginning of the logical ids of an event type → its name, by the raw streams that are in the shared stack.

    A shared stack of this release, which names its prefix, has none.
    """
    if not shared.exists or PREFIX_OUTPUT in shared.outputs:
        return {}
    return {
        logical_id.removesuffix(RAW_STREAM): names.event_type_of(resource["Properties"]["Name"])
        for logical_id, resource in shared.template()["Resources"].items()
        if resource["Type"] == "AWS::Kinesis::Stream" and logical_id.endswith(RAW_STREAM)
    }


@dataclass(frozen=True)
class _Refactoring:
    """The move of some event types, by the beginnings of their logical ids, from the shared stack."""

    shared: Formation
    bucket: str
    names: Names
    event_types: Mapping[str, str]

    def run(self) -> list[str]:
        """Carry it out; the names of the stacks that it made. Raises DeployFailed with CloudFormation's reasons."""
        templates, moves = self._templates()
        made = [name for name in templates if name != self.shared.name]
        for name in made:
            self.shared.stack.control.govern(name)
        cloudformation = self.shared.stack.client("cloudformation")
        definitions = [
            {"StackName": name, **Formation(self.shared.stack, name).argument(template, self.bucket)}
            for name, template in templates.items()
        ]
        try:
            refactor = cloudformation.create_stack_refactor(
                StackDefinitions=definitions, ResourceMappings=moves, EnableStackCreation=True
            )["StackRefactorId"]
            self._awaited(refactor, "Status", "CREATE_COMPLETE")
            cloudformation.execute_stack_refactor(StackRefactorId=refactor)
            self._awaited(refactor, "ExecutionStatus", "EXECUTE_COMPLETE")
        except ClientError as error:
            if error.response["Error"]["Code"] not in UNKNOWN_OPERATION:
                raise DeployFailed(f"CloudFormation refuses to move {', '.join(made)}: {error}") from error
            raise DeployFailed(
                f"{self.shared.name} holds event types, which are deployed in stacks of their own by now, and this "
                "CloudFormation cannot move them (CreateStackRefactor)."
            ) from error
        return made

    def _awaited(self, refactor: str, kind: str, expected: str) -> None:
        """Return once the status of that kind is the expected one. Raises DeployFailed where it becomes another."""
        deadline = time.monotonic() + TIMEOUT_S
        describe = self.shared.stack.client("cloudformation").describe_stack_refactor
        while True:
            described = describe(StackRefactorId=refactor)
            status = described[kind]
            if status == expected:
                return
            if status not in (*UNFINISHED, "AVAILABLE"):
                reason = described.get(f"{kind}Reason", "no reason is given")
                raise DeployFailed(f"event types cannot be moved out of {self.shared.name} ({status}): {reason}")
            if time.monotonic() > deadline:
                raise DeployFailed(f"the refactor of {self.shared.name} is still {status} after {TIMEOUT_S:.0f} s.")
            time.sleep(LOOK_S)

    def _templates(self) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
        """The template of each stack as it is to be, and where each resource goes.

        A refactor can give a new stack no parameters: their values stand in its template until it is deployed.
        """
        deployed, shared = self.shared.template(), self.shared.name
        resources: dict[str, dict[str, Any]] = deployed["Resources"]
        stacks = dict.fromkeys(resources, shared) | dict(self._owners(resources))
        literals = self.shared.parameters | self.shared.resources()
        templates: dict[str, dict[str, Any]] = {}
        for name, part in split(resources, stacks).items():
            if name == shared:
                templates[name] = deployed | {"Resources": part}
                continue
            outputs = {
                PREFIX_OUTPUT: {"Value": self.names.prefix},
                EVENT_TYPE_OUTPUT: {"Value": name.removeprefix(self.names.component_stack(""))},
            }
            outside = {key: value for key, value in literals.items() if key not in part}
            templates[name] = {
                "AWSTemplateFormatVersion": "2010-09-09",
                "Description": f"{name}: moved out of {shared}",
                "Resources": written_out(part, outside),
                "Outputs": outputs,
            }
        moves = [
            {
                "Source": {"StackName": shared, "LogicalResourceId": logical_id},
                "Destination": {"StackName": name, "LogicalResourceId": logical_id},
            }
            for logical_id, name in stacks.items()
            if name != shared
        ]
        return templates, moves

    def _owners(self, resources: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """The logical ids of what is to be moved, each with its stack."""
        for prefix, event_type in self.event_types.items():
            for end in OF_EVENT_TYPE:
                if f"{prefix}{end}" in resources:
                    yield f"{prefix}{end}", self.names.component_stack(event_type)


def written_out(value: Any, literals: Mapping[str, str]) -> Any:
    """A part of a template with these values in the place of references to them."""
    match value:
        case {"Ref": str(name)} if name in literals:
            return literals[name]
        case dict():
            return {key: written_out(part, literals) for key, part in value.items()}
        case list():
            return [written_out(part, literals) for part in value]
    return value
