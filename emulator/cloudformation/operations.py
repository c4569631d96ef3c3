"""Operations on stacks that CloudFormation refuses, where LocalStack begins them."""

from functools import wraps
from typing import Any

from localstack.aws.api.cloudformation import StackStatus
from localstack.services.cloudformation.engine.validations import ValidationError

UPDATABLE = {
    StackStatus.CREATE_COMPLETE,
    StackStatus.UPDATE_COMPLETE,
    StackStatus.UPDATE_ROLLBACK_COMPLETE,
    StackStatus.IMPORT_COMPLETE,
    StackStatus.IMPORT_ROLLBACK_COMPLETE,
}
"""CloudFormation user guide, "Stack status codes"."""


def patch(module: Any) -> None:
    """Guard the handlers of `localstack.services.cloudformation.v2.provider`."""
    provider = module.CloudformationProviderV2
    create, update, delete = provider.create_stack, provider.update_stack, provider.delete_stack

    @wraps(create)
    def create_stack(self: Any, context: Any, request: Any) -> Any:
        store = module.get_cloudformation_store(context.account_id, context.region)
        there = set(store.stacks_v2)
        try:
            return create(self, context, request)
        except Exception:
            # LocalStack keeps the stack of a template that it refuses, in progress for ever.
            for added in store.stacks_v2.keys() - there:
                if store.stacks_v2[added].stack_name == request.get("StackName"):
                    del store.stacks_v2[added]
            raise

    @wraps(update)
    def update_stack(self: Any, context: Any, request: Any) -> Any:
        stack = _find(module, context, request.get("StackName"))
        if stack is not None and stack.status not in UPDATABLE:
            raise ValidationError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
        if request.get("UsePreviousTemplate") and stack is not None:
            request = {**request, "TemplateBody": stack.template_body}
        return update(self, context, request)

    @wraps(delete)
    def delete_stack(self: Any, context: Any, stack_name: str, retain_resources: Any = None, **more: Any) -> Any:
        stack = _find(module, context, stack_name)
        if stack is not None:
            if retain_resources and stack.status != StackStatus.DELETE_FAILED:
                raise ValidationError(
                    f"Invalid operation on stack [{stack.stack_id}]. When you delete a stack, specify which resources "
                    "to retain only when the stack is in the DELETE_FAILED state."
                )
            stack.retained = tuple(retain_resources or ())
        return delete(self, context, stack_name, retain_resources, **more)

    provider.create_stack, provider.update_stack, provider.delete_stack = create_stack, update_stack, delete_stack


def _find(module: Any, context: Any, name: str | None) -> Any:
    if not name:
        return None
    store = module.get_cloudformation_store(context.account_id, context.region)
    try:
        return module.find_stack_v2(store, name)
    except KeyError:
        return None
