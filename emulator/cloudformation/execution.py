"""The execution of one operation on a stack: its changes one after another, and the way back where one fails.

Statuses and their order from the CloudFormation user guide ("Stack status codes", "Stack failure options", "Update
behaviors of stack resources").
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from localstack.aws.api.cloudformation import ChangeAction, ExecutionStatus, ResourceStatus, StackStatus
from localstack.services.cloudformation.engine.v2.change_set_model import is_nothing
from localstack.services.cloudformation.engine.v2.change_set_model_executor import (
    ChangeSetModelExecutor,
    ChangeSetModelExecutorResult,
    TriggerRollback,
)
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import PreprocProperties
from localstack.services.cloudformation.resource_provider import OperationStatus

from wavetank.emulator.authority.ownership import OWNERSHIP, Owned
from wavetank.emulator.cloudformation import resources
from wavetank.emulator.cloudformation.resource import Model

NEW_RESOURCE = "Requested update requires the creation of a new physical resource; hence creating one."
CUSTOM_NAME = (
    "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
    "Rename {name} and update the stack again."
)
RETAINED = ("Retain", "RetainExceptOnCreate")
"""Deletion policies that outlive a deleted stack; the second does not outlive a creation that is rolled back."""


class Kind(Enum):
    """The change of a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"


@dataclass(frozen=True)
class Step:
    """A change of one resource, done or tried.

    `earlier` is the resource as it was deployed before, with the `properties` of its template; `target` are those
    that it was to have, and `later` is the resource as it is now.
    What failed before anything was done is `untouched`.
    """

    kind: Kind
    logical_id: str
    earlier: Model
    properties: Model
    target: Model
    later: Model
    failed: bool
    untouched: bool = False


class Execution(ChangeSetModelExecutor):
    """Brings a stack from one template to the next, or back to where it was."""

    def __init__(self, change_set: Any) -> None:
        super().__init__(change_set=change_set)
        self._stack = change_set.stack
        self._steps: list[Step] = []
        self._obsolete: list[tuple[str, Model]] = []
        self._failed: dict[str, str] = {}

    def execute(self) -> Any:
        """Carry the operation out.

        After a failure it does not return: the stack is as it has to be, and what LocalStack would do next would
        make a success of it. SystemExit ends the thread of the operation, which is the caller's, without a trace.
        """
        stack = self._stack
        if stack.status == StackStatus.DELETE_IN_PROGRESS:
            kept = set(vars(stack).get("retained", ()))
            resources = {name: deployed for name, deployed in stack.resolved_resources.items() if name not in kept}
            stack.resolved_resources = self._remove_all(resources)
            if stack.resolved_resources:
                blame = self._blame(dict.fromkeys(stack.resolved_resources, "delete"))
                stack.set_stack_status(StackStatus.DELETE_FAILED, blame)
                raise SystemExit
        else:
            creating = stack.status == StackStatus.CREATE_IN_PROGRESS
            reason = self._advance()
            if reason is not None:
                (self._undo_creation if creating else self._undo_update)(reason)
                self._change_set.set_execution_status(ExecutionStatus.EXECUTE_FAILED)
                raise SystemExit
            self._commit()
            if not creating:
                stack.set_stack_status(StackStatus.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS)
                for name, deployed in reversed(self._obsolete):
                    self._remove(name, deployed, current=name not in self.resources)
        return ChangeSetModelExecutorResult(resources=self.resources, outputs=self.outputs)

    def visit_node_resource(self, node_resource: Any) -> Any:
        """Change the resource as LocalStack does, and note what is to become of it when it is removed."""
        delta = super().visit_node_resource(node_resource=node_resource)
        if not is_nothing(delta.after):
            resource, policy = dict(self.resources[node_resource.name]), delta.after.deletion_policy
            resource["DeletionPolicy"] = "Delete" if is_nothing(policy) or not policy else str(policy)
            self.resources[node_resource.name] = resource
        return delta

    def _advance(self) -> str | None:
        """Make the changes; the reason, as the stack states it, why they could not all be made."""
        try:
            self.process()
        except TriggerRollback:
            pass
        except Exception as error:
            if not self._failed:
                return str(error)
        return self._blame(self._failed) if self._failed else None

    @staticmethod
    def _blame(failed: dict[str, str]) -> str:
        """The sentence about resources, from the logical id of each and what failed to be done to it."""
        sentences = []
        for verb in dict.fromkeys(failed.values()):
            ids = ", ".join(name for name, other in failed.items() if other == verb)
            sentences.append(f"The following resource(s) failed to {verb}: [{ids}].")
        return " ".join(sentences)

    def _commit(self) -> None:
        """Make the new state the stack's; before its status says so, since somebody may be waiting for that."""
        stack, change_set = self._stack, self._change_set
        stack.status_reason = None
        stack.resolved_resources, stack.resolved_outputs = self.resources, self.outputs
        stack.resolved_parameters = change_set.resolved_parameters
        stack.template, stack.template_body = change_set.template, change_set.template_body
        stack.processed_template = change_set.processed_template
        stack.description = (change_set.template or {}).get("Description")
        stack.resolved_exports = {
            output["ExportName"]: output["OutputValue"] for output in self.outputs if output.get("ExportName")
        }
        if change_set.change_set_id not in stack.change_set_ids:
            # LocalStack takes the values before the next change from this change set, which made an older state.
            stack.change_set_id = None

    def _execute_resource_change(self, name: str, before: Any, after: Any) -> None:
        """Create, update or replace the resource now; what is removed or replaced goes when all else is done."""
        deployed = self._stack.resolved_resources.get(name) or {}
        if is_nothing(after):
            if deployed.get("PhysicalResourceId"):
                self._obsolete.append((name, deployed))
            return
        if not deployed.get("PhysicalResourceId"):
            self._change(Kind.CREATE, name, after, {}, {})
            return
        earlier = _properties(before)
        if before.resource_type == after.resource_type:
            emulated, later = resources.find(after.resource_type), _properties(after)
            is_replaced = bool(after.requires_replacement)
            if emulated is not None:
                # By the values: a reference may mean another one now.
                is_replaced = any(earlier.get(key) != later.get(key) for key in emulated.schema.create_only)
            if not is_replaced:
                self._change(Kind.UPDATE, name, after, deployed, earlier)
                return
        self._change(Kind.REPLACE, name, after, deployed, earlier)
        if _is_same(self.resources[name], deployed):
            return
        retained = not is_nothing(after.update_replace_policy) and after.update_replace_policy == "Retain"
        self._obsolete.append((name, {**deployed, "DeletionPolicy": "Retain" if retained else "Delete"}))

    def _change(self, kind: Kind, name: str, after: Any, deployed: Model, earlier: Model) -> None:
        verb = "CREATE" if kind is Kind.CREATE else "UPDATE"
        self._tell(name, after.resource_type, f"{verb}_IN_PROGRESS", physical=deployed.get("PhysicalResourceId"))
        same = deployed.get("Type") == after.resource_type
        custom = _custom_name(after, earlier) if kind is Kind.REPLACE and same else None
        if kind is Kind.REPLACE and not custom:
            self._tell(name, after.resource_type, "UPDATE_IN_PROGRESS", NEW_RESOURCE, deployed["PhysicalResourceId"])
        untouched = bool(custom)
        if custom:
            status, reason = OperationStatus.FAILED, CUSTOM_NAME.format(name=custom)
            self.resources[name] = {"Type": after.resource_type, "ResourceStatus": ResourceStatus.UPDATE_FAILED}
        else:
            event = self._execute_resource_action(
                action=ChangeAction.Modify if kind is Kind.UPDATE else ChangeAction.Add,
                logical_resource_id=name,
                resource_type=after.resource_type,
                before_properties=PreprocProperties(deployed["Properties"]) if kind is Kind.UPDATE else None,
                after_properties=PreprocProperties(_properties(after)),
            )
            status, reason = event.status, event.message
            untouched = isinstance((event.custom_context or {}).get("exception"), NotImplementedError)
        failed = status is not OperationStatus.SUCCESS
        self._steps.append(
            Step(kind, name, deployed, earlier, _properties(after), self.resources[name], failed, untouched)
        )
        if failed:
            self._failed[name] = verb.lower()
            physical = deployed.get("PhysicalResourceId")
        else:
            physical = self.resources[name]["PhysicalResourceId"]
            self.resources[name]["ResourceStatus"] = ResourceStatus(f"{verb}_COMPLETE")
        self._tell(name, after.resource_type, f"{verb}_{'FAILED' if failed else 'COMPLETE'}", reason, physical)

    def _process_event(self, *, logical_resource_id: str, resource_type: str, reason: str = "", **_: Any) -> None:
        """Note a resource whose properties could not be resolved; not those that were to be made after it."""
        if self._failed:
            return
        deployed = self._stack.resolved_resources.get(logical_resource_id) or {}
        verb = "UPDATE" if deployed else "CREATE"
        self._failed[logical_resource_id] = verb.lower()
        physical = deployed.get("PhysicalResourceId")
        self._tell(logical_resource_id, resource_type, f"{verb}_FAILED", reason, physical)

    def _undo_creation(self, reason: str) -> None:
        stack, request = self._stack, self._stack.request_payload
        stack.template, stack.template_body = self._change_set.template, self._change_set.template_body
        stack.processed_template = self._change_set.processed_template
        made = {step.logical_id: self.resources[step.logical_id] for step in self._steps if not step.failed}
        on_failure = request.get("OnFailure") or request.get("OnStackFailure") or "ROLLBACK"
        if request.get("DisableRollback") or on_failure == "DO_NOTHING":
            stack.resolved_resources = made
            stack.set_stack_status(StackStatus.CREATE_FAILED, reason)
            return
        stack.set_stack_status(StackStatus.ROLLBACK_IN_PROGRESS, f"{reason} Rollback requested by user.")
        stack.resolved_resources = self._remove_all(made, created=True)
        if stack.resolved_resources:
            blame = self._blame(dict.fromkeys(stack.resolved_resources, "delete"))
            stack.set_stack_status(StackStatus.ROLLBACK_FAILED, blame)
        else:
            deleted = on_failure == "DELETE"
            stack.set_stack_status(StackStatus.DELETE_COMPLETE if deleted else StackStatus.ROLLBACK_COMPLETE)

    def _undo_update(self, reason: str) -> None:
        """Bring what was updated back, then remove what was made: as before the update, whose state is kept."""
        stack = self._stack
        stack.set_stack_status(StackStatus.UPDATE_ROLLBACK_IN_PROGRESS, reason)
        self._obsolete.clear()
        stuck = [step.logical_id for step in reversed(self._steps) if not self._undo(step)]
        if stuck:
            blame = self._blame(dict.fromkeys(stuck, "update"))
            stack.set_stack_status(StackStatus.UPDATE_ROLLBACK_FAILED, blame)
            return
        stack.set_stack_status(StackStatus.UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS)
        for step in reversed(self._steps):
            if step.kind is not Kind.UPDATE and not step.failed:
                later = self.resources[step.logical_id]
                self._remove(step.logical_id, later, created=True, current=step.kind is Kind.CREATE)
        stack.set_stack_status(StackStatus.UPDATE_ROLLBACK_COMPLETE)

    def _undo(self, step: Step) -> bool:
        """Bring a resource back to its earlier properties; whether that could be done."""
        if step.kind is Kind.CREATE:
            if step.failed:
                self._stack.resource_states.pop(step.logical_id, None)
            return True
        kind, physical = step.earlier["Type"], step.earlier["PhysicalResourceId"]
        self._tell(step.logical_id, kind, "UPDATE_IN_PROGRESS", physical=physical)
        if step.kind is Kind.REPLACE or step.untouched:
            self._tell(step.logical_id, kind, "UPDATE_COMPLETE", physical=physical)
            return True
        properties = step.later["Properties"]
        if step.failed:
            # As if all of the update had been made: what may differ now, differs.
            earlier = step.earlier["Properties"].items()
            properties = {name: value for name, value in earlier if name not in step.properties} | step.target
        event = self._execute_resource_action(
            action=ChangeAction.Modify,
            logical_resource_id=step.logical_id,
            resource_type=kind,
            before_properties=PreprocProperties(properties),
            after_properties=PreprocProperties(step.properties),
        )
        done = event.status is OperationStatus.SUCCESS
        if done:
            resource = {**self.resources[step.logical_id], "DeletionPolicy": step.earlier["DeletionPolicy"]}
            self._stack.resolved_resources[step.logical_id] = resource
        status = "UPDATE_COMPLETE" if done else "UPDATE_FAILED"
        self._tell(step.logical_id, kind, status, event.message, physical)
        return done

    def _remove_all(self, resources: dict[str, Model], *, created: bool = False) -> dict[str, Model]:
        """Remove resources, the last that were made first; those that could not be removed."""
        stuck = {}
        for name, deployed in reversed(resources.items()):
            if deployed.get("PhysicalResourceId") and not self._remove(name, deployed, created=created):
                stuck[name] = deployed
        return dict(reversed(stuck.items()))

    def _remove(self, name: str, deployed: Model, *, created: bool = False, current: bool = True) -> bool:
        """Delete a resource, unless it is to be retained; whether it is not the stack's any more.

        `created`: by the operation that is rolled back. Not `current`: another resource has its logical id now.
        """
        kind, physical = deployed["Type"], deployed["PhysicalResourceId"]
        policy = deployed.get("DeletionPolicy")
        if policy == "Retain" or (policy in RETAINED and not created):
            self._tell(name, kind, "DELETE_SKIPPED", physical=physical, current=current)
            if current:
                self._stack.resource_states.pop(name, None)
            return True
        self._tell(name, kind, "DELETE_IN_PROGRESS", physical=physical, current=current)
        event = self._execute_resource_action(
            action=ChangeAction.Remove,
            logical_resource_id=name,
            resource_type=kind,
            before_properties=PreprocProperties(deployed["Properties"]),
            after_properties=None,
            part_of_replacement=True,
        )
        done = event.status is OperationStatus.SUCCESS
        status = "DELETE_COMPLETE" if done else "DELETE_FAILED"
        self._tell(name, kind, status, event.message, physical, current=current)
        return done

    def _tell(
        self, name: str, kind: str, status: str, reason: str = "", physical: str | None = None, *, current: bool = True
    ) -> None:
        """Add an event; `current` is false for a resource whose logical id is another's now."""
        owned = Owned.of_resource(kind, physical or "", self._stack.account_id)
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            OWNERSHIP.note(self._stack.stack_name, name, owned)
        elif status in ("DELETE_COMPLETE", "DELETE_SKIPPED"):
            OWNERSHIP.forget(owned)
        if current:
            self._stack.set_resource_status(
                logical_resource_id=name,
                physical_resource_id=physical or "",
                resource_type=kind,
                status=ResourceStatus(status),
                resource_status_reason=reason,
            )
        else:
            self._stack._store_event(
                resource_id=name,
                resource_type=kind,
                physical_resource_id=physical or "",
                status=ResourceStatus(status),
                status_reason=reason,
            )


def _properties(resource: Any) -> Model:
    """The properties that a version of the template gives a resource; it need not give any."""
    return {} if is_nothing(resource.properties) else dict(resource.properties.properties)


def _is_same(resource: Model, other: Model) -> bool:
    """Whether two are one and the same resource of a service."""
    emulated = resources.find(resource["Type"])
    within = emulated.schema.within if emulated is not None else None
    return resource.get("PhysicalResourceId") == other["PhysicalResourceId"] and (
        within is None or resource["Properties"].get(within) == other["Properties"].get(within)
    )


def _custom_name(after: Any, earlier: Model) -> str | None:
    """The name that the template gives the resource and its successor alike, which two cannot have."""
    emulated = resources.find(after.resource_type)
    if emulated is None or emulated.schema.name is None:
        return None
    name = _properties(after).get(emulated.schema.name)
    return str(name) if name and earlier.get(emulated.schema.name) == name else None
