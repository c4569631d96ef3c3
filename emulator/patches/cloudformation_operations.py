"""CloudFormation refuses operations that the state of a stack forbids, which LocalStack begins.

A stack whose template is refused is not there afterwards; LocalStack keeps it, in progress for ever.
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, wrap
from wavetank.emulator.runtime.on_import import when_imported

PROVIDER = "CloudformationProviderV2"


def install() -> None:
    """Change the provider when it is imported."""
    when_imported("localstack.services.cloudformation.v2.provider", refuse_what_is_forbidden)


def refuse_what_is_forbidden(module: ModuleType) -> None:
    """Guard the handlers of the provider. Raises TypeError for another provider."""
    store_of = original(module, "get_cloudformation_store", "account_id", "region_name")
    find_stack = original(module, "find_stack_v2", "state", "stack_name")
    from localstack.services.cloudformation.engine.validations import ValidationError

    from wavetank.emulator.cloudformation.refactoring import UPDATABLE

    def find(context: Any, name: str | None) -> Any:
        try:
            return find_stack(store_of(context.account_id, context.region), name) if name else None
        except KeyError:
            return None

    def create_stack(create: Any, provider: Any, context: Any, request: Any) -> Any:
        store = store_of(context.account_id, context.region)
        there = set(store.stacks_v2)
        try:
            return create(provider, context, request)
        except Exception:
            for added in store.stacks_v2.keys() - there:
                if store.stacks_v2[added].stack_name == request.get("StackName"):
                    del store.stacks_v2[added]
            raise

    def update_stack(update: Any, provider: Any, context: Any, request: Any) -> Any:
        stack = find(context, request.get("StackName"))
        if stack is not None and stack.status not in UPDATABLE:
            raise ValidationError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
        if request.get("UsePreviousTemplate") and stack is not None:
            request = {**request, "TemplateBody": stack.template_body}
        return update(provider, context, request)

    def delete_stack(
        delete: Any, provider: Any, context: Any, stack_name: str, retain_resources: Any = None, **more: Any
    ) -> Any:
        stack = find(context, stack_name)
        if stack is not None:
            if retain_resources and stack.status != "DELETE_FAILED":
                raise ValidationError(
                    f"Invalid operation on stack [{stack.stack_id}]. When you delete a stack, specify which resources "
                    "to retain only when the stack is in the DELETE_FAILED state."
                )
            stack.retained = tuple(retain_resources or ())
        return delete(provider, context, stack_name, retain_resources, **more)

    wrap(module, f"{PROVIDER}.create_stack", create_stack, "context", "request")
    wrap(module, f"{PROVIDER}.update_stack", update_stack, "context", "request")
    wrap(module, f"{PROVIDER}.delete_stack", delete_stack, "stack_name", "retain_resources")
