"""Resource import: a stack takes over resources that are there already, and nothing is made, changed or deleted.

Source: CloudFormation user guide, "Import AWS resources into a CloudFormation stack", and API reference,
CreateChangeSet (`ChangeSetType` IMPORT, `ResourcesToImport`). An import is validated when its change set is created;
executed, it is one step. The types are those of `emulator.cloudformation.resources`, by the property that identifies
them.
"""

import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api.cloudformation import ResourceStatus, StackStatus
from localstack.aws.connect import connect_to
from localstack.services.cloudformation import api_utils
from localstack.services.cloudformation.engine import template_preparer
from localstack.services.cloudformation.engine.validations import ValidationError
from localstack.services.cloudformation.v2 import provider
from localstack.services.cloudformation.v2.entities import Stack

from wavetank.emulator.authority.ownership import OWNERSHIP, Owned
from wavetank.emulator.cloudformation import resources
from wavetank.emulator.cloudformation.drift import references_of
from wavetank.emulator.cloudformation.refactoring import UPDATABLE
from wavetank.emulator.cloudformation.resource import Context, Gone

AVAILABLE, EXECUTED, OBSOLETE = "AVAILABLE", "EXECUTE_COMPLETE", "OBSOLETE"
UNCHANGED = (
    "You have modified resources {names} in your template that are not being imported. Update, create or delete "
    "operations cannot be executed during import operations."
)

_LOCK = threading.Lock()


@dataclass
class Import:
    """The change set of an import: the stack with its template before and after, and by logical id what it takes."""

    id: str
    name: str
    stack: Any
    before: dict[str, Any]
    template: dict[str, Any]
    body: str
    taken: dict[str, dict[str, Any]]
    execution: str = AVAILABLE

    def document(self) -> dict[str, Any]:
        """The change set as DescribeChangeSet has it."""
        changes = [
            {
                "Type": "Resource",
                "ResourceChange": {
                    "Action": "Import",
                    "LogicalResourceId": logical_id,
                    "PhysicalResourceId": resource["PhysicalResourceId"],
                    "ResourceType": resource["Type"],
                    "Scope": [],
                    "Details": [],
                },
            }
            for logical_id, resource in self.taken.items()
        ]
        return {
            "ChangeSetId": self.id,
            "ChangeSetName": self.name,
            "StackId": self.stack.stack_id,
            "StackName": self.stack.stack_name,
            "Status": "CREATE_COMPLETE",
            "ExecutionStatus": self.execution,
            "Changes": changes,
        }


def create(context: Any, request: Mapping[str, Any]) -> dict[str, Any]:
    """Validate an import, and keep its change set. Raises ValidationError with the rule that it breaks."""
    store = provider.get_cloudformation_store(context.account_id, context.region)
    name = str(request["StackName"])
    body = api_utils.extract_template_body(dict(request))
    template = template_preparer.parse_template(body)
    try:
        stack = provider.find_stack_v2(store, name)
    except KeyError:
        stack = None
    if stack is None:
        given: Any = {"StackName": name}
        stack = Stack(context.account_id, context.region, given, initial_status=StackStatus.REVIEW_IN_PROGRESS)
        if template.get("Parameters"):
            raise ValidationError(f"Stack [{name}] is not there, and one that is imported takes no parameters here")
    elif stack.status not in UPDATABLE:
        raise ValidationError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
    before = stack.template or {}
    targets = {str(each["LogicalResourceId"]): each for each in request.get("ResourcesToImport") or ()}
    # As it was given: LocalStack sorts each DependsOn of the template that it keeps.
    declared = template_preparer.parse_template(stack.template_body) if before else {}
    if problem := next(_problems(declared, template, targets), None):
        raise ValidationError(problem)
    taken = {logical_id: _taken(store, stack, template, target) for logical_id, target in targets.items()}
    change_set = str(request["ChangeSetName"])
    arn = f"arn:aws:cloudformation:{context.region}:{context.account_id}:changeSet/{change_set}/{uuid.uuid4()}"
    _imports(store)[arn] = Import(arn, change_set, stack, before, template, body, taken)
    return {"Id": arn, "StackId": stack.stack_id}


def find(context: Any, change_set: str, stack: str | None) -> Import | None:
    """The import by its ARN, or by its name and that of its stack; None where it is another change set."""
    imports = _imports(provider.get_cloudformation_store(context.account_id, context.region))
    if change_set in imports:
        return imports[change_set]
    of_stack = (each for each in imports.values() if stack in (each.stack.stack_name, each.stack.stack_id))
    return next((each for each in of_stack if each.name == change_set), None)


def forget(context: Any, change_set: Import) -> None:
    """Delete the change set."""
    _imports(provider.get_cloudformation_store(context.account_id, context.region)).pop(change_set.id, None)


def execute(context: Any, change_set: Import) -> None:
    """Give the stack its resources. Raises ValidationError where it is not what it was, or it was done already."""
    store = provider.get_cloudformation_store(context.account_id, context.region)
    with _LOCK:
        stack = change_set.stack
        if (stack.template or {}) is not change_set.before and stack.template:
            change_set.execution = OBSOLETE
        if change_set.execution != AVAILABLE:
            raise ValidationError(f"ChangeSet [{change_set.id}] is {change_set.execution} and cannot be executed")
        stack.set_stack_status(StackStatus.IMPORT_IN_PROGRESS, "User Initiated")
        for logical_id, resource in change_set.taken.items():
            for status in (ResourceStatus.IMPORT_IN_PROGRESS, ResourceStatus.IMPORT_COMPLETE):
                stack.set_resource_status(
                    logical_resource_id=logical_id,
                    physical_resource_id=resource["PhysicalResourceId"],
                    resource_type=resource["Type"],
                    status=status,
                )
            owned = Owned.of_resource(resource["Type"], resource["PhysicalResourceId"], stack.account_id)
            OWNERSHIP.note(stack.stack_name, logical_id, owned)
        stack.resolved_resources = {**stack.resolved_resources, **change_set.taken}
        stack.template, stack.processed_template = change_set.template, change_set.template
        stack.template_body, stack.change_set_id = change_set.body, None
        store.stacks_v2[stack.stack_id] = stack
        change_set.execution = EXECUTED
        stack.set_stack_status(StackStatus.IMPORT_COMPLETE)


def _imports(store: Any) -> dict[str, Import]:
    imports: dict[str, Import] = vars(store).setdefault("imports", {})
    return imports


def _problems(
    before: Mapping[str, Any], template: Mapping[str, Any], targets: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Each rule that an import breaks, before it is known what is there."""
    there, given = before.get("Resources") or {}, template.get("Resources") or {}
    if not targets:
        yield "As part of the import operation, you must specify resources to import"
    for logical_id, target in targets.items():
        resource, kind = given.get(logical_id) or {}, target["ResourceType"]
        emulated = resources.find(kind)
        if logical_id in there:
            yield f"Resource [{logical_id}] is already in the stack"
        elif resource.get("Type") != kind:
            yield f"Resource [{logical_id}] is not in the template as {kind}"
        elif not resource.get("DeletionPolicy"):
            yield f"Resources [{logical_id}] is missing DeletionPolicy attribute"
        elif emulated is None:
            yield f"ResourceTypes [{kind}] are not supported for Import"
        elif set(target["ResourceIdentifier"]) != {emulated.schema.identifier}:
            yield f"Resources of type {kind} are identified by {emulated.schema.identifier}"
    others = {name: resource for name, resource in given.items() if name not in targets}
    if others != there:
        names = sorted(name for name in others.keys() | there.keys() if others.get(name) != there.get(name))
        yield UNCHANGED.format(names=names)
    if before and (template.get("Outputs") or {}) != (before.get("Outputs") or {}):
        yield "As part of the import operation, you cannot modify or add [Outputs]"


def _taken(store: Any, stack: Any, template: Mapping[str, Any], target: Mapping[str, Any]) -> dict[str, Any]:
    """The resource as the stack is to have it. Raises ValidationError where it is not there, or another stack's."""
    logical_id, kind = str(target["LogicalResourceId"]), str(target["ResourceType"])
    emulated, (identifier,) = resources.find(kind), target["ResourceIdentifier"].values()
    if emulated is None:
        raise TypeError(f"{kind} is none of our types")
    resource = template["Resources"][logical_id]
    expected = references_of(stack, template).resolve(resource.get("Properties") or {})
    model = {**expected, emulated.schema.identifier: identifier}
    if expected.get(emulated.schema.identifier, identifier) != identifier:
        raise ValidationError(f"{emulated.schema.identifier} of [{logical_id}] is not {identifier} in the template")
    clients = connect_to(aws_access_key_id=stack.account_id, region_name=stack.region_name)
    context = Context(clients, stack.stack_name, logical_id, stack.account_id, stack.region_name)
    try:
        actual = emulated.read(context, model, expected)
    except (Gone, ClientError) as error:
        raise ValidationError(f"Resource of type '{kind}' with identifier '{identifier}' was not found.") from error
    for other in store.stacks_v2.values():
        deployed = () if other.status == StackStatus.DELETE_COMPLETE else other.resolved_resources.values()
        if any(each.get("Type") == kind and each.get("PhysicalResourceId") == identifier for each in deployed):
            raise ValidationError(f"{identifier} already exists in stack {other.stack_id}")
    attributes = {name: actual[name] for name in emulated.schema.read_only if name in actual}
    return {
        "Type": kind,
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": identifier,
        "Properties": model | attributes,
        "DeletionPolicy": resource["DeletionPolicy"],
        "ResourceStatus": ResourceStatus.IMPORT_COMPLETE,
    }
