"""Stack refactoring: resources move from stack to stack as they are, and nothing is made, changed or deleted.

A refactor is validated when it is created; executed, it is one step, of which nobody sees a part. Source:
CloudFormation user guide, "Stack refactoring" (its considerations and resource limitations), and API reference,
CreateStackRefactor and its neighbours. What the guide leaves to the execution is validated at creation here.
"""

import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localstack.aws.api import handler
from localstack.aws.api.cloudformation import ResourceStatus, StackRefactorNotFoundException, StackStatus
from localstack.services.cloudformation import api_utils
from localstack.services.cloudformation.engine import template_preparer
from localstack.services.cloudformation.engine.validations import ValidationError
from localstack.services.cloudformation.v2 import provider
from localstack.services.cloudformation.v2.entities import Stack

from wavetank.emulator.authority.ownership import OWNERSHIP, Owned
from wavetank.emulator.cloudformation.drift import references_of
from wavetank.emulator.cloudformation.properties import is_mutable
from wavetank.emulator.cloudformation.references import References, Unresolvable

FEWEST_STACKS, MOST_STACKS = 2, 5
UPDATABLE = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    }
)
"""States of a stack in which it can be updated (CloudFormation user guide, "Stack status codes")."""
UNCHANGED = ("Parameters", "Conditions", "Mappings")
"""Sections of a template that a refactor cannot change or add to."""
CONFIGURATION = ("Type", "Condition", "CreationPolicy", "DeletionPolicy", "UpdatePolicy", "UpdateReplacePolicy")
"""What is compared of a resource, besides its properties."""
UNSUPPORTED = frozenset(
    {
        "AWS::CloudFormation::CustomResource",
        "AWS::CloudFormation::Macro",
        "AWS::CloudFormation::WaitCondition",
        "AWS::CloudFormation::WaitConditionHandle",
        "AWS::DynamoDB::GlobalTable",
        "AWS::IAM::AccessKey",
        "AWS::IAM::UserToGroupAddition",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Route53::RecordSet",
        "AWS::Route53::RecordSetGroup",
        "AWS::StepFunctions::StateMachineVersion",
    }
)
"""Those of the guide's list that LocalStack can make."""

type Place = tuple[str, str]
"""A resource's stack and logical id."""

_LOCK = threading.Lock()


@dataclass(frozen=True)
class Definition:
    """A stack as it is to be: a new one, or one that is there, with the template that it had."""

    stack: Any
    template: dict[str, Any]
    body: str
    before: dict[str, Any] | None

    @property
    def name(self) -> str:
        """The name of the stack."""
        return str(self.stack.stack_name)

    def resource(self, logical_id: str) -> dict[str, Any]:
        """A resource as the new template has it."""
        return dict(self.template["Resources"][logical_id])


@dataclass(frozen=True)
class Move:
    """A resource that goes from one place to another; `given` by the caller, or else seen by its logical id."""

    source: Place
    destination: Place
    given: bool


@dataclass
class Refactor:
    """A refactor: stacks by name as they are to be, what moves, why it cannot be done, and how far it is."""

    id: str
    description: str | None
    definitions: dict[str, Definition]
    moves: list[Move]
    problems: list[str]
    execution: str
    execution_reason: str | None = None

    def document(self) -> dict[str, Any]:
        """The refactor as DescribeStackRefactor and ListStackRefactors have it."""
        document = {
            "StackRefactorId": self.id,
            "Description": self.description,
            "Status": "CREATE_FAILED" if self.problems else "CREATE_COMPLETE",
            "StatusReason": " ".join(self.problems) or None,
            "ExecutionStatus": self.execution,
            "ExecutionStatusReason": self.execution_reason,
        }
        return {name: value for name, value in document.items() if value is not None}


@handler("CreateStackRefactor")
def create_stack_refactor(
    _provider: Any,
    context: Any,
    stack_definitions: Any,
    description: str | None = None,
    enable_stack_creation: bool | None = None,
    resource_mappings: Any = None,
    **_: Any,
) -> dict[str, Any]:
    """Validate a refactor; whether it can be done is told by DescribeStackRefactor. Raises ValidationError."""
    if not FEWEST_STACKS <= len(stack_definitions) <= MOST_STACKS:
        raise ValidationError(f"A stack refactor is of {FEWEST_STACKS} to {MOST_STACKS} stacks")
    store = _store(context)
    definitions: dict[str, Definition] = {}
    for given in stack_definitions:
        definition = _definition(context, store, given, creates=bool(enable_stack_creation))
        if definitions.setdefault(definition.name, definition) is not definition:
            raise ValidationError(f"Stack [{definition.name}] is defined twice")
    given_moves = {_place(each["Source"]): _place(each["Destination"]) for each in resource_mappings or ()}
    moves, problems = _moves(definitions, given_moves)
    problems = problems or list(_problems(definitions, moves))
    execution = "UNAVAILABLE" if problems else "AVAILABLE"
    refactor = Refactor(str(uuid.uuid4()), description, definitions, moves, problems, execution)
    _refactors(store)[refactor.id] = refactor
    return {"StackRefactorId": refactor.id}


@handler("DescribeStackRefactor")
def describe_stack_refactor(_provider: Any, context: Any, stack_refactor_id: str, **_: Any) -> dict[str, Any]:
    """The state of a refactor. Raises StackRefactorNotFoundException."""
    refactor = _refactor(context, stack_refactor_id)
    return refactor.document() | {"StackIds": [each.stack.stack_id for each in refactor.definitions.values()]}


@handler("ListStackRefactors")
def list_stack_refactors(_provider: Any, context: Any, execution_status_filter: Any = None, **_: Any) -> dict[str, Any]:
    """Every refactor of the account, or those whose execution has one of these statuses; the last one first."""
    shown = set(execution_status_filter or ())
    refactors = reversed(_refactors(_store(context)).values())
    return {
        "StackRefactorSummaries": [
            refactor.document() for refactor in refactors if not shown or refactor.execution in shown
        ]
    }


@handler("ListStackRefactorActions")
def list_stack_refactor_actions(_provider: Any, context: Any, stack_refactor_id: str, **_: Any) -> dict[str, Any]:
    """What the execution of a refactor does: stacks that it makes and resources that it moves."""
    refactor = _refactor(context, stack_refactor_id)
    actions: list[dict[str, Any]] = [
        {"Action": "CREATE", "Entity": "STACK", "PhysicalResourceId": definition.stack.stack_id}
        for definition in refactor.definitions.values()
        if definition.before is None
    ]
    for move in refactor.moves:
        (source, id_before), (destination, id_after) = move.source, move.destination
        stacks = {name: refactor.definitions[name].stack for name in (source, destination)}
        now = refactor.definitions[source].stack.resolved_resources.get(id_before) or {}
        actions.append(
            {
                "Action": "MOVE",
                "Entity": "RESOURCE",
                "PhysicalResourceId": now.get("PhysicalResourceId", ""),
                "Description": "No configuration changes detected.",
                "Detection": "MANUAL" if move.given else "AUTO",
                "TagResources": [],
                "UntagResources": [],
                "ResourceMapping": {
                    "Source": {"StackName": stacks[source].stack_id, "LogicalResourceId": id_before},
                    "Destination": {"StackName": stacks[destination].stack_id, "LogicalResourceId": id_after},
                },
            }
        )
    return {"StackRefactorActions": actions}


@handler("ExecuteStackRefactor")
def execute_stack_refactor(_provider: Any, context: Any, stack_refactor_id: str, **_: Any) -> None:
    """Move the resources. Raises ValidationError for a refactor that cannot be executed, or not any more."""
    store, refactor = _store(context), _refactor(context, stack_refactor_id)
    with _LOCK:
        if refactor.execution != "AVAILABLE":
            raise ValidationError(f"Stack refactor {refactor.id} is {refactor.execution} and cannot be executed")
        if stale := next((each.name for each in refactor.definitions.values() if _is_stale(store, each)), None):
            refactor.execution = "OBSOLETE"
            refactor.execution_reason = f"Stack [{stale}] has changed since the refactor was created"
            raise ValidationError(refactor.execution_reason)
        _execute(store, refactor)
        refactor.execution = "EXECUTE_COMPLETE"


def _store(context: Any) -> Any:
    return provider.get_cloudformation_store(context.account_id, context.region)


def _refactors(store: Any) -> dict[str, Refactor]:
    refactors: dict[str, Refactor] = vars(store).setdefault("stack_refactors", {})
    return refactors


def _refactor(context: Any, refactor_id: str) -> Refactor:
    refactor = _refactors(_store(context)).get(refactor_id)
    if refactor is None:
        raise StackRefactorNotFoundException(f"Stack refactor {refactor_id} does not exist")
    return refactor


def _place(location: Mapping[str, str]) -> Place:
    return location["StackName"], location["LogicalResourceId"]


def _definition(context: Any, store: Any, given: Mapping[str, Any], *, creates: bool) -> Definition:
    name = given.get("StackName") or ""
    if not name or bool(given.get("TemplateBody")) == bool(given.get("TemplateURL")):
        raise ValidationError("A stack definition has a StackName, and either TemplateBody or TemplateURL")
    body = api_utils.extract_template_body(dict(given))
    template = template_preparer.parse_template(body)
    try:
        stack = provider.find_stack_v2(store, name)
    except KeyError:
        stack = None
    if stack is not None:
        return Definition(stack, template, body, stack.template or {})
    if not creates:
        raise ValidationError(f"Stack [{name}] does not exist")
    request: Any = {"StackName": name}
    new = Stack(context.account_id, context.region, request, initial_status=StackStatus.REVIEW_IN_PROGRESS)
    return Definition(new, template, body, None)


def _moves(definitions: Mapping[str, Definition], given: Mapping[Place, Place]) -> tuple[list[Move], list[str]]:
    """What moves, and why that is not all: templates that add or lose a resource."""
    before = {(name, each) for name, of in definitions.items() for each in (of.before or {}).get("Resources", {})}
    after = {(name, each) for name, of in definitions.items() for each in of.template.get("Resources", {})}
    problems = [f"There is no resource {id_} in stack {name}." for name, id_ in given.keys() - before]
    problems += [f"The template of {name} has no resource {id_}." for name, id_ in set(given.values()) - after]
    if len(set(given.values())) < len(given):
        problems.append("Two resources are mapped to one.")
    moves = [Move(source, destination, True) for source, destination in given.items()]
    gone, new = before - after - given.keys(), after - before - set(given.values())
    for place in sorted(new):
        alike = [source for source in gone if source[1] == place[1]]
        if len(alike) == 1:
            moves.append(Move(alike[0], place, False))
            gone.discard(alike[0])
        else:
            problems.append(f"Stack refactor does not create resources: {place[1]} of {place[0]}.")
    problems += [f"Stack refactor does not delete resources: {id_} of {name}." for name, id_ in sorted(gone)]
    return moves, problems


def _problems(definitions: Mapping[str, Definition], moves: list[Move]) -> Iterator[str]:
    """Every rule that a refactor breaks whose resources all have their place."""
    for definition in definitions.values():
        before = definition.before or {}
        if definition.before is not None and definition.stack.status not in UPDATABLE:
            yield f"Stack {definition.name} is in {definition.stack.status} state and cannot be refactored."
        if not definition.template.get("Resources"):
            yield f"Stack {definition.name} would be empty."
        for section in UNCHANGED:
            if (definition.template.get(section) or {}) != (before.get(section) or {}):
                yield f"Stack refactor does not change {section} of {definition.name}."
    if not moves:
        yield "No resource moves."
    for move in moves:
        kind = definitions[move.destination[0]].resource(move.destination[1])["Type"]
        if kind in UNSUPPORTED or not is_mutable(kind):
            yield f"{move.source[1]}: resources of type {kind} are not supported."
    origins = {move.destination: move.source for move in moves}
    for name, definition in definitions.items():
        for logical_id in definition.template.get("Resources") or {}:
            here = (name, logical_id)
            if reason := _difference(definitions, origins.get(here, here), here, origins):
                yield f"Stack refactor does not modify resources: {logical_id} of {name}: {reason}."


def _difference(
    definitions: Mapping[str, Definition], source: Place, place: Place, origins: Mapping[Place, Place]
) -> str:
    """How a resource differs from what it was; empty where it does not."""
    old, new = definitions[source[0]], definitions[place[0]]
    before, after = dict((old.before or {})["Resources"][source[1]]), new.resource(place[1])
    for name in CONFIGURATION:
        if before.get(name) != after.get(name):
            return f"its {name} differs"
    deployed = _deployed(definitions, new, origins)
    try:
        was = references_of(old.stack, old.before or {}).resolve(before.get("Properties") or {})
        is_now = _references(new, deployed).resolve(after.get("Properties") or {})
    except Unresolvable as error:
        return str(error)
    return ", ".join(sorted(key for key in was.keys() | is_now.keys() if was.get(key) != is_now.get(key)))


def _deployed(
    definitions: Mapping[str, Definition], definition: Definition, origins: Mapping[Place, Place]
) -> dict[str, Any]:
    """The resources that a stack is to have, each as it is deployed now."""
    deployed = {}
    for logical_id in definition.template["Resources"]:
        name, origin = origins.get((definition.name, logical_id), (definition.name, logical_id))
        if (resource := definitions[name].stack.resolved_resources.get(origin)) is not None:
            deployed[logical_id] = resource
    return deployed


def _references(definition: Definition, deployed: Mapping[str, Any]) -> References:
    return references_of(definition.stack, definition.template, deployed)


def _is_stale(store: Any, definition: Definition) -> bool:
    if definition.before is None:
        return provider.find_stack_v2(store, definition.name) is not None
    return definition.stack.template is not definition.before or definition.stack.status not in UPDATABLE


def _execute(store: Any, refactor: Refactor) -> None:
    """Give each stack its template and its resources, with the events that tell of it."""
    definitions = refactor.definitions
    origins = {move.destination: move.source for move in refactor.moves}
    deployed = {name: _deployed(definitions, definition, origins) for name, definition in definitions.items()}
    for definition in definitions.values():
        status = StackStatus.CREATE_IN_PROGRESS if definition.before is None else StackStatus.UPDATE_IN_PROGRESS
        definition.stack.set_stack_status(status, "Stack refactor")
    for move in refactor.moves:
        source, destination = definitions[move.source[0]].stack, definitions[move.destination[0]].stack
        resource = deployed[move.destination[0]][move.destination[1]]
        kind, physical = resource["Type"], resource["PhysicalResourceId"]
        for status in ("EXPORT_IN_PROGRESS", "EXPORT_COMPLETE"):
            _tell(source, move.source[1], kind, physical, status)
        source.resource_states.pop(move.source[1], None)
        for status in ("IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"):
            _tell(destination, move.destination[1], kind, physical, status)
        OWNERSHIP.note(
            destination.stack_name, move.destination[1], Owned.of_resource(kind, physical, source.account_id)
        )
    for name, definition in definitions.items():
        stack = definition.stack
        outputs = list(_outputs(definition, deployed[name]))
        stack.resolved_resources, stack.resolved_outputs = deployed[name], outputs
        stack.resolved_exports = {each["ExportName"]: each["OutputValue"] for each in outputs if "ExportName" in each}
        stack.template, stack.processed_template = definition.template, definition.template
        stack.template_body, stack.change_set_id = definition.body, None
        stack.description = definition.template.get("Description")
        store.stacks_v2[stack.stack_id] = stack
        is_new = definition.before is None
        stack.set_stack_status(StackStatus.CREATE_COMPLETE if is_new else StackStatus.UPDATE_COMPLETE)


def _tell(stack: Any, logical_id: str, kind: str, physical: str, status: str) -> None:
    stack.set_resource_status(
        logical_resource_id=logical_id,
        physical_resource_id=physical,
        resource_type=kind,
        status=ResourceStatus(status),
    )


def _outputs(definition: Definition, deployed: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    references = _references(definition, deployed)
    for key, output in (definition.template.get("Outputs") or {}).items():
        resolved = references.resolve(output)
        described = {"OutputKey": key, "OutputValue": str(resolved["Value"])}
        if "Description" in resolved:
            described["Description"] = resolved["Description"]
        if "Export" in resolved:
            described["ExportName"] = resolved["Export"]["Name"]
        yield described
